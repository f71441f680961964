/** `issuerkit channel demo`: a handshake of the secure channel, walked through in the step numbers of the patent. */
import type { ProfileName, Variant } from '@issuerkit/securechannel'
import { Command, Option } from 'commander'
import { type ChannelDemo, channelDemo } from '../channel-demo.js'
import { type CommandIo, EXIT } from './io.js'

interface DemoOptions {
  readonly profile: ProfileName
  readonly variant: Variant
  readonly bits: '1024' | '2048'
  readonly external?: true
  readonly explain?: true
  readonly json?: true
}

/** The command; `done` takes its exit code. */
export function channelCommand(io: CommandIo, done: (code: number) => void): Command {
  const command = new Command('channel').description('the RSA secure channel')
  command
    .command('demo')
    .description('a handshake between the host and a virtual card, on test keys made for it')
    .addOption(new Option('--profile <profile>', 'whose reading').choices(['gp', 'feitian']).default('gp'))
    .addOption(new Option('--variant <variant>', 'key set-up').choices(['transport', 'agreement']).default('transport'))
    .addOption(new Option('--bits <bits>', 'of the RSA keys').choices(['1024', '2048']).default('1024'))
    .option('--external', 'the card does not prove itself')
    .option('--explain', 'what each step is for, and every byte of it')
    .option('--json', 'print one JSON object')
    .action(async ({ profile, variant, bits, external, explain, json }: DemoOptions) => {
      // In key agreement the card's secret comes with its proof: it is always mutual.
      const mutual = variant === 'agreement' || external !== true
      const demo = await channelDemo({ profile, variant, bits: bits === '1024' ? 1024 : 2048, mutual })
      io.out(json === true ? `${JSON.stringify(demo)}\n` : describe(demo, explain === true))
      done(demo.ok ? EXIT.ok : EXIT.negative)
    })
  return command
}

function describe({ ok, profile, variant, bits, steps, level, keys }: ChannelDemo, explain: boolean): string {
  const lines = steps.flatMap(({ patent, name, meaning, command, answer }) => {
    const head = `${patent.padEnd(5)}${name.padEnd(29)}`
    if (explain) return [`${head}${meaning}`, `     > ${command}`, `     < ${answer}`]
    return [`${head}${command.slice(0, 8)} (${command.length / 2} bytes)  ${answer.slice(-4)}`]
  })
  return [
    `key ${variant}, profile ${profile}, ${bits} bits; step numbers of US 9,253,162`,
    ...lines,
    `${ok ? 'open' : 'NOT OK'}: security level ${level}, keys ${keys.join(' ')}`,
    '',
  ].join('\n')
}
