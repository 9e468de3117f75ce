/** The prefix of the token of a child. `run` finds it in the inherited proxy URL when it is called inside `run`. */
export const childTokenPrefix = 'child_'
