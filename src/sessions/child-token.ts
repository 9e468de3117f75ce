/** What the token of one child begins with: by it `run` sees, in the inherited proxy URL, that it was called inside `run`. */
export const childTokenPrefix = 'child_'
