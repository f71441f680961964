import { describe, expect, it } from 'vitest'
import { formatTranscript, parseTranscript } from '../src/index.js'
import { hex, SLOW, thrown } from './support.js'

const entry = (command: string, response: string, note?: string) => ({
  command: hex(command),
  response: hex(response),
  ...(note === undefined ? {} : { note }),
})

describe('parseTranscript', () => {
  it('reads commands, answers and notes', () => {
    const session = `# A title
# of two lines

# SELECT
#
#  indented
> 00A4040007 A0000003330101
# between: no note
<6f00 9000

> 00B2010C00
<\t6A83`
    expect(parseTranscript(session)).toEqual([
      entry('00A4040007A0000003330101', '6F009000', 'SELECT\n\n indented'),
      entry('00B2010C00', '6A83'),
    ])
  })

  it('drops a comment that an empty line parts from the command', () => {
    expect(parseTranscript('# old\n \t\n# new\n> 00\n< 90\n# after\n\n> 01\n< 91\n')).toEqual([
      entry('00', '90', 'new'),
      entry('01', '91'),
    ])
  })

  it('tells an empty note from none', () => {
    expect(parseTranscript('#\n> 00\n< 90')).toEqual([entry('00', '90', '')])
    expect(parseTranscript('# \n> 00\n< 90')).toEqual([entry('00', '90', '')])
  })

  it('reads lines that end in CRLF', () => {
    expect(parseTranscript('# a\r\n#b\r\n> 00\r\n< 90\r\n\r\n')).toEqual([entry('00', '90', 'a\nb')])
  })

  it('gives a note to the command below it only', () => {
    expect(parseTranscript('# a\n> 00\n< 90\n> 01\n< 91')).toEqual([entry('00', '90', 'a'), entry('01', '91')])
  })

  it.each(['', '\n', '# only a comment', '\r\n \n'])('reads %j as an empty session', (empty) => {
    expect(parseTranscript(empty)).toEqual([])
  })

  it.each([
    ['x', 1, 'another'],
    ['> 00\n< 90\n 00', 3, 'another'],
    [' # a', 1, 'another'],
    ['\n\n\u00a0', 3, 'another'],
    ['> 00\n< 90\n00', 3, 'another'],
    ['>', 1, 'none'],
    ['> \t', 1, 'none'],
    ['> 00\n<', 2, 'none'],
    ['> 0', 1, 'other characters or half a byte'],
    ['> 0G', 1, 'other characters or half a byte'],
    ['> 00\n< 9000 # ok', 2, 'other characters or half a byte'],
    ['# a\n< 9000', 2, 'none'],
    ['> 00\n< 90\n< 90', 3, 'none'],
    ['> 00\n> 00', 2, 'a command'],
    ['> 00\n< 90\n> 01\n\n', 3, 'the end'],
    ['# a\u0000', 1, 'a control character'],
    ['# a\u001b[2J', 1, 'a control character'],
    ['# a\r> 00\n', 1, 'a control character'],
    ['#\u007f', 1, 'a control character'],
    ['#\u0008', 1, 'a control character'],
    ['#\u000b', 1, 'a control character'],
    ['#\u001f', 1, 'a control character'],
  ])('refuses %j at line %d: %s', (text, line, got) => {
    expect(thrown(() => parseTranscript(text))).toMatchObject({ code: 'ERR_TRANSCRIPT', label: `line ${line}`, got })
  })

  it('names the line of the command that lacks its answer', () => {
    expect(thrown(() => parseTranscript('# a\n> 00\n> 01')).expected).toBe('the answer to line 2')
  })

  it('never shows the bytes', () => {
    expect(thrown(() => parseTranscript('> 0020008008241234FFFFFFFFF')).message).not.toContain('1234')
  })

  it('takes tabs and other printable characters in comments', () => {
    expect(parseTranscript('#\ta\u2028é 卡\n> 00\n< 90')).toEqual([entry('00', '90', '\ta\u2028é 卡')])
  })
})

describe('what a file may cost', SLOW, () => {
  it('4 Mi characters', () => {
    const most = '# 4567\n\n'.repeat(512 * 1024)
    expect(parseTranscript(most)).toEqual([])
    const error = thrown(() => parseTranscript(`${most}\n`))
    expect(error).toMatchObject({ code: 'ERR_TRANSCRIPT', label: 'text', got: '4194305' })
  })

  it('256 Ki characters in a line', () => {
    const most = `> ${'00'.repeat(128 * 1024 - 1)}`
    expect(parseTranscript(`${most}\r\n< 90`)[0]?.command.length).toBe(131071)
    const error = thrown(() => parseTranscript(`\n${most} \r\n< 90`))
    expect(error).toMatchObject({ code: 'ERR_TRANSCRIPT', label: 'line 2', got: '262145' })
  })

  it('65536 exchanges', () => {
    const most = '> 00\n< 90\n'.repeat(65536)
    expect(parseTranscript(most)).toHaveLength(65536)
    const error = thrown(() => parseTranscript(`${most}> 00\n< 90\n`))
    expect(error).toMatchObject({ code: 'ERR_TRANSCRIPT', label: 'line 131074', expected: 'at most 65536 exchanges' })
  })

  it('65536 characters of comment above a command, the line ends counted', () => {
    const most = `# ${'a'.repeat(65536 - 3)}\n`
    expect(parseTranscript(`${most}> 00\n< 90`)[0]?.note?.length).toBe(65536 - 3)
    const error = thrown(() => parseTranscript(`#\n${most}> 00\n< 90`))
    expect(error).toMatchObject({ code: 'ERR_TRANSCRIPT', label: 'line 3', got: '65538' })
    expect(parseTranscript(`#\n${most}\n> 00\n< 90`)).toHaveLength(1)
  })
})

describe('formatTranscript', () => {
  it('writes title, notes and exchanges', () => {
    const entries = [entry('00A40400', '6F009000', 'SELECT\n\n indented'), entry('00B2010C00', '6A83')]
    expect(formatTranscript(entries, { title: 'A session' })).toBe(`# A session

# SELECT
#
#  indented
> 00A40400
< 6F009000

> 00B2010C00
< 6A83
`)
  })

  it('writes an empty session', () => {
    expect(formatTranscript([])).toBe('')
    expect(formatTranscript([], { title: 'a\nb' })).toBe('# a\n# b\n')
  })

  it('does not take the title for a note', () => {
    const entries = [entry('00', '90')]
    expect(parseTranscript(formatTranscript(entries, { title: 'a' }))).toEqual(entries)
  })

  it.each([
    [[entry('', '90')], {}, 'entry 1'],
    [[entry('00', '90'), entry('00', '')], {}, 'entry 2'],
    [[entry('00', '90', 'a\r')], {}, 'entry 1'],
    [[entry('00', '90', 'a'.repeat(65536 - 2))], {}, 'entry 1'],
    [[], { title: 'a\u0000' }, 'title'],
  ])('refuses what could not be read back (%#)', (entries, options, label) => {
    expect(thrown(() => formatTranscript(entries, options))).toMatchObject({ code: 'ERR_TRANSCRIPT', label })
  })

  it('writes the longest note that can be read back', () => {
    const entries = [entry('00', '90', 'a'.repeat(65536 - 3))]
    expect(parseTranscript(formatTranscript(entries))).toEqual(entries)
  })
})
