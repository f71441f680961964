/** A card's file is the old card or the new one; one process runs it at a time. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CardMemory, parseCardProfile, personaliseCard } from '@issuerkit/card'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createCardFile, readCardFile, writeCardFile } from '../src/card-file.js'
import { lockCardFile } from '../src/card-lock.js'

const card = (): CardMemory =>
  personaliseCard(
    parseCardProfile({
      applications: [
        {
          aid: 'A000000333010101',
          label: 'TEST',
          scheme: 'pboc',
          pan: '6200000000000005',
          expiry: '20491231',
          keys: {
            card: {
              ac: '0123456789ABCDEFFEDCBA9876543210',
              mac: '00112233445566778899AABBCCDDEEFF',
              enc: 'FFEEDDCCBBAA99887766554433221100',
            },
          },
        },
      ],
    }),
  )

let folder: string
let file: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'issuerkit card ')))
  file = join(folder, 'card.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const coded = (code: string, got?: unknown) =>
  expect.objectContaining({ name: 'IssuerkitError', code, ...(got === undefined ? {} : { got }) })

describe('a card in a file', () => {
  it('is read as it was written, and leaves nothing beside it', () => {
    const memory = card()
    memory.writeNumber('app/0/data/9F36', 300)
    memory.commit()
    writeCardFile(file, memory)
    expect(readCardFile(file).readNumber('app/0/data/9F36')).toBe(300)
    expect(readCardFile(file).save()).toEqual(memory.save())
    expect(readdirSync(folder)).toEqual(['card.json'])
  })

  it("is its owner's alone, whatever it was", () => {
    writeFileSync(file, 'old')
    chmodSync(file, 0o644)
    writeCardFile(file, card())
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('is replaced behind a link', () => {
    const link = join(folder, 'link')
    writeCardFile(file, card())
    symlinkSync(file, link)
    const memory = card()
    memory.writeNumber('blocked', 1)
    memory.commit()
    writeCardFile(link, memory)
    expect(readCardFile(file).readNumber('blocked')).toBe(1)
  })

  it('stays when the new one cannot be written', () => {
    writeCardFile(file, card())
    const before = readFileSync(file)
    const failing = {
      names: [],
      has: () => true,
      save: () => {
        throw new RangeError('no memory')
      },
    } as unknown as CardMemory
    expect(() => writeCardFile(file, failing)).toThrow(RangeError)
    expect(readFileSync(file)).toEqual(before)
    expect(readdirSync(folder)).toEqual(['card.json'])
  })

  it('that is new replaces nothing', () => {
    createCardFile(file, card())
    const before = readFileSync(file)
    expect(() => createCardFile(file, card())).toThrow(coded('ERR_CARD', 'EEXIST'))
    expect(readFileSync(file)).toEqual(before)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['card.json'])
  })

  it.each<[string, () => unknown, string?]>([
    ['that is not there', () => readCardFile(file), 'ENOENT'],
    ['that is a folder', () => readCardFile(folder), 'EISDIR'],
    ['in a folder that is not there', () => writeCardFile(join(folder, 'no', 'card.json'), card()), 'ENOENT'],
    ['new in a folder that is not there', () => createCardFile(join(folder, 'no', 'card.json'), card()), 'ENOENT'],
    ['in place of a folder', () => writeCardFile(folder, card()), 'EISDIR'],
    ['below a file', () => writeCardFile(join(file, 'card.json'), card()), 'ENOTDIR'],
    ['of another kind', () => readCardFile(file)],
    ['that is too large', () => readCardFile(file), 'more'],
  ])('%s is ERR_CARD', (what, work, got) => {
    if (what === 'of another kind' || what === 'below a file') writeFileSync(file, '{}')
    if (what === 'that is too large') writeFileSync(file, ' '.repeat(1_000_001))
    expect(work).toThrow(coded('ERR_CARD', got))
  })
})

describe('a card that a process runs', () => {
  const lock = (): string => `${file}.lock`
  const killed = (work: (pid: number) => void): void => {
    const spy = vi.spyOn(process, 'kill').mockImplementation((pid) => {
      work(pid)
      throw Object.assign(new Error('no such process'), { code: 'ESRCH' })
    })
    onTestFinished(() => spy.mockRestore())
  }

  it('is kept for it until it gives it back', () => {
    const unlock = lockCardFile(file)
    expect(readFileSync(lock(), 'utf8')).toBe(`${process.pid}\n`)
    expect(() => lockCardFile(file)).toThrow(coded('ERR_READER', `process ${process.pid}, which holds ${lock()}`))
    unlock()
    expect(readdirSync(folder)).toEqual([])
    lockCardFile(file)()
  })

  it('is the same behind a link', () => {
    writeCardFile(file, card())
    symlinkSync(file, join(folder, 'link'))
    const unlock = lockCardFile(join(folder, 'link'))
    expect(() => lockCardFile(file)).toThrow(coded('ERR_READER'))
    unlock()
  })

  it("is refused while another user's process has it", () => {
    const spy = vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('not yours'), { code: 'EPERM' })
    })
    onTestFinished(() => spy.mockRestore())
    writeFileSync(lock(), '1\n')
    expect(() => lockCardFile(file)).toThrow(coded('ERR_READER'))
    expect(readFileSync(lock(), 'utf8')).toBe('1\n')
  })

  it.each([
    ['of a dead process', '4194305\n'],
    ['that names none', 'someone\n'],
    ['that is empty', ''],
  ])('is free behind a lock %s', (_, text) => {
    writeFileSync(lock(), text)
    killed(() => undefined)
    const unlock = lockCardFile(file)
    expect(readFileSync(lock(), 'utf8')).toBe(`${process.pid}\n`)
    expect(readdirSync(folder)).toEqual(['card.json.lock'])
    unlock()
  })

  it('is free behind a lock that leads nowhere', () => {
    symlinkSync(join(folder, 'nowhere'), lock())
    lockCardFile(file)()
    expect(readdirSync(folder)).toEqual([])
  })

  it('is free when the dead lock goes while it is looked at', () => {
    writeFileSync(lock(), '4194305\n')
    killed(() => unlinkSync(lock()))
    lockCardFile(file)()
    expect(readdirSync(folder)).toEqual([])
  })

  it('stays with the third process that was quicker', () => {
    writeFileSync(lock(), '4194305\n')
    const alive = process.pid + 1
    const spy = vi.spyOn(process, 'kill').mockImplementation((pid) => {
      if (pid === alive) return true
      writeFileSync(lock(), `${alive}\n`)
      throw Object.assign(new Error('no such process'), { code: 'ESRCH' })
    })
    onTestFinished(() => spy.mockRestore())
    expect(() => lockCardFile(file)).toThrow(coded('ERR_READER', `process ${alive}, which holds ${lock()}`))
    expect(readFileSync(lock(), 'utf8')).toBe(`${alive}\n`)
  })

  it('is not taken from whoever has it now', () => {
    const unlock = lockCardFile(file)
    writeFileSync(lock(), '1\n')
    unlock()
    expect(existsSync(lock())).toBe(true)
  })

  it.each<[string, () => void, string]>([
    ['in a folder that is not there', () => rmSync(folder, { recursive: true }), 'ENOENT'],
    ['with a folder for a lock', () => mkdirSync(lock()), 'EISDIR'],
    [
      'whose own lock is taken away',
      () => {
        writeFileSync(lock(), '4194305\n')
        killed(() => {
          unlinkSync(`${lock()}.${process.pid}`)
          unlinkSync(lock())
        })
      },
      'ENOENT',
    ],
    [
      'whose stale lock cannot be moved',
      () => {
        writeFileSync(lock(), '4194305\n')
        killed(() => undefined)
        mkdirSync(`${lock()}.stale.${process.pid}`)
      },
      'EISDIR',
    ],
  ])('%s is ERR_CARD', (_, prepare, got) => {
    prepare()
    expect(() => lockCardFile(file)).toThrow(coded('ERR_CARD', got))
  })
})
