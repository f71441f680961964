import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { installedBinaries, program, reachableBinaries } from '../src/embedded/binaries.js'
import { openDataFolder } from '../src/embedded/data-folder.js'
import { initialise } from '../src/embedded/initialise.js'
import {
  expectOwnFolder,
  freshTempFolder,
  reachableTemp,
  type ServerUser,
  serverUser,
  unreachableParent,
} from '../src/embedded/server-user.js'
import { startEmbeddedDatabase } from '../src/embedded-database.js'
import { isRoot, testFolder } from './support/folders.js'

const stranger: ServerUser = { name: 'stranger', uid: 54321, gid: 54322 }

describe('reach', () => {
  test.each([
    [0o700, false],
    [0o701, true],
    [0o710, false],
    [0o666, false],
    [0o755, true],
  ])('a folder of mode %o lets a stranger through: %s', (mode, passes) => {
    const folder = testFolder(mode)
    const goal = join(folder, 'not yet', 'there')
    expect(unreachableParent(goal, stranger)).toBe(passes ? undefined : folder)
  })

  test.each([
    ['owner', 0o100, { uid: statSync('/').uid, gid: 1 }],
    ['group', 0o010, { uid: 1, gid: statSync('/').gid }],
  ])('its %s is judged by bit %o', (_who, bit, user) => {
    const folder = testFolder(bit)
    const { uid, gid } = statSync(folder)
    const me = { name: 'me', uid: user.uid === 1 ? 1 : uid, gid: user.gid === 1 ? 1 : gid }
    expect(unreachableParent(folder, me)).toBeUndefined()
    chmodSync(folder, 0o777 & ~bit)
    expect(unreachableParent(folder, me)).toBe(folder)
  })

  test('a temporary folder is one that the server can reach', () => {
    const [closed, open] = [testFolder(0o700), testFolder(0o711)]
    expect(reachableTemp(stranger, [closed, open])).toBe(open)
    expect(reachableTemp(undefined, [closed, open])).toBe(closed)
    expect(() => reachableTemp(stranger, [closed])).toThrow('stranger')
    const fresh = freshTempFolder(undefined)
    expect(readdirSync(fresh)).toEqual([])
    rmSync(fresh, { recursive: true })
  })

  test('a planted folder is refused', () => {
    const folder = testFolder()
    mkdirSync(join(folder, 'open'))
    chmodSync(join(folder, 'open'), 0o777)
    symlinkSync('/usr', join(folder, 'link'))
    writeFileSync(join(folder, 'file'), '')
    for (const name of ['open', 'link', 'file']) {
      expect(() => expectOwnFolder(join(folder, name), 'ERR_DATABASE')).toThrow(name)
    }
    expectOwnFolder(folder, 'ERR_DATABASE')
  })
})

test('a platform without programs is told so', async () => {
  for (const platform of ['plan9', 'win32']) {
    await expect(installedBinaries(platform, 'vax')).rejects.toMatchObject({ code: 'ERR_DATABASE' })
  }
})

describe('making a database', () => {
  const made = (native: string) => {
    const folder = openDataFolder(join(testFolder(), 'data'), undefined)
    onTestFinished(folder.release)
    const { signal } = new AbortController()
    return initialise({ binaries: { native, version: 'x' }, folder, user: undefined, signal, sync: true })
  }

  test('without its program says so', async () => {
    await expect(made('/nowhere')).rejects.toMatchObject({
      code: 'ERR_DATABASE',
      message: expect.stringMatching(/initdb.*ENOENT/),
    })
  })

  test('that fails shows the last lines', async () => {
    const native = testFolder()
    writePrograms(native, 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do echo "line $i" >&2; done; exit 1')
    await expect(made(native)).rejects.toMatchObject({
      code: 'ERR_DATABASE',
      message: expect.stringMatching(/^initdb failed:\nline 2\n.*line 13$/s),
    })
  })
})

function writePrograms(native: string, script: string): void {
  mkdirSync(join(native, 'bin'), { recursive: true })
  for (const name of ['initdb', 'postgres']) {
    writeFileSync(join(native, 'bin', name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(native, 'bin', name), 0o755)
  }
}

test('an ordinary user runs the programs where they are', async () => {
  const installed = await installedBinaries()
  expect(existsSync(program(installed, 'initdb'))).toBe(true)
  expect(reachableBinaries(installed, undefined)).toBe(installed)
})

describe.runIf(isRoot)('as root', () => {
  let user: ServerUser
  beforeEach(() => {
    user = serverUser() ?? stranger
  })

  test('the server runs as a user of the system that is not root', () => {
    expect(user.uid).not.toBe(0)
    expect(serverUser(['no such user', 'root', 'nobody'])).toMatchObject({ name: 'nobody' })
    expect(() => serverUser(['no such user', 'root'])).toThrow('no user no such user or root')
  })

  test('a data folder that this user cannot reach is refused', async () => {
    const folder = join(testFolder(0o700), 'data')
    await expect(startEmbeddedDatabase({ folder })).rejects.toMatchObject({
      code: 'ERR_DATA_FOLDER',
      message: expect.stringContaining(`as ${user.name}`),
    })
    expect(existsSync(folder)).toBe(false)
  })

  test('a data folder of another user is refused', async () => {
    const folder = testFolder()
    chownSync(folder, user.uid, user.gid)
    await expect(startEmbeddedDatabase({ folder })).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER' })
  })

  test('programs out of reach are copied once, and again when a part of the copy is missing', async () => {
    const { installed, hidden, temp } = await hiddenBinaries()
    const { native } = reachableBinaries(hidden, user, temp)
    expect(readdirSync(temp)).toEqual([native.slice(temp.length + 1)])
    expect(readdirSync(native, { recursive: true }).length).toBe(
      readdirSync(installed.native, { recursive: true }).length,
    )
    const { ino } = lstatSync(native)
    expect(lstatSync(reachableBinaries(hidden, user, temp).native).ino).toBe(ino)
    rmSync(join(native, 'share', 'postgresql', 'timezonesets', 'Default'))
    const again = reachableBinaries(hidden, user, temp)
    expect(existsSync(join(again.native, 'share', 'postgresql', 'timezonesets', 'Default'))).toBe(true)
    expect(readdirSync(temp).length).toBe(1)
  })

  test('a planted copy is refused, and one that cannot be run is told', async () => {
    const { hidden, temp } = await hiddenBinaries()
    const { native } = reachableBinaries(hidden, user, temp)
    chmodSync(native, 0o777)
    expect(() => reachableBinaries(hidden, user, temp)).toThrow('remove it')
    const broken = { native: join(testFolder(), 'native'), version: 'broken' }
    mkdirSync(broken.native)
    expect(() => reachableBinaries(broken, user, temp)).toThrow(`${user.name} cannot run`)
    writePrograms(broken.native, 'echo no such library >&2; exit 127')
    expect(() => reachableBinaries(broken, user, temp)).toThrow('no such library')
  })

  test('a folder for a server of this process is closed to all others', () => {
    const folder = join(testFolder(), 'data')
    const { release, path } = openDataFolder(folder, undefined)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    release()
    chmodSync(dirname(folder), 0o700)
    expect(() => openDataFolder(folder, user)).toThrow(`as ${user.name}`)
  })

  async function hiddenBinaries() {
    const installed = await installedBinaries()
    const closed = testFolder(0o700)
    symlinkSync(installed.native, join(closed, 'native'))
    return { installed, hidden: { ...installed, native: join(closed, 'native') }, temp: testFolder(0o755) }
  }
})
