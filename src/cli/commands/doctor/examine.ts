import type { Patient } from '../../../doctor/check.ts'
import { type CheckedFinding, examine } from '../../../doctor/examine.ts'
import type { Context, Input, Run } from '../../command.ts'
import { painted } from '../../terminal-text.ts'
import { patientOf } from './patient.ts'

const marks = { good: ['green', 'ok  '], note: ['yellow', 'note'], bad: ['red', 'bad '] } as const

export const run: Run = async (context, input) => {
  const { output } = context
  const patient = patientOf(context)
  if (input.has('repair')) await repair(context, input, patient)
  const findings: CheckedFinding[] = []
  for await (const finding of examine(patient)) {
    findings.push(finding)
    if (!output.json) show(context, finding)
  }
  const healthy = findings.every(({ verdict }) => verdict !== 'bad')
  if (output.json) {
    const spelled = findings.map(({ check, verdict, fact, remedy }) => {
      return { check, verdict, fact, remedy: remedy === undefined ? null : output.spell(remedy) }
    })
    output.document('doctor/1', { healthy, findings: spelled })
  }
  return healthy ? 0 : 1
}

function show({ output }: Context, { check, verdict, fact, remedy }: CheckedFinding): void {
  const [colour, mark] = marks[verdict]
  const told = remedy === undefined ? [] : ['  ', painted('cyan', `→ ${output.spell(remedy)}`)]
  output.line([painted(colour, mark), `  ${check}: ${fact}`, ...told])
}

/** Nothing else in hallpass moves a damaged record, and this asks first. */
async function repair(context: Context, input: Input, patient: Patient): Promise<void> {
  const { findDamaged, isBeyondRepair, setAside } = await import('../../../doctor/damaged-records.ts')
  const opener = { home: patient.home, keys: await patient.keys() }
  for (const record of findDamaged(opener).damaged.filter(isBeyondRepair)) {
    context.output.say(record.error.message)
    const agreed = input.has('yes') || (await context.confirm(`Set ${record.path} aside?`, '--yes'))
    if (!agreed) continue
    const aside = await setAside(opener, record, patient.now)
    context.output.say(aside === undefined ? `${record.path} is whole again` : `moved to ${aside}`)
  }
}
