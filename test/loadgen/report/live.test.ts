import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Progress } from '../../../loadgen/measure/progress.ts'
import { liveLines } from '../../../loadgen/report/live/lines.ts'
import { progressLine, progressWriter } from '../../../loadgen/report/progress.ts'

const progress: Progress = {
  profile: 'high',
  elapsedSeconds: 12.3,
  scheduledSeconds: 30,
  planned: 600,
  sent: 248,
  ended: 240,
  failed: 2,
  offeredRate: 20,
  achievedRate: 18.4,
  pairsPerSecond: 920,
  p95Seconds: 0.412,
  gpu: { utilizationRatio: 0.73, emulated: false },
}
const moments: Readonly<Record<string, Progress>> = {
  'as offered': { ...progress, failed: 0, achievedRate: 20, pairsPerSecond: 1000 },
  'not keeping up': { ...progress, gpu: { utilizationRatio: 0.97, emulated: false } },
  saturated: {
    ...progress,
    ...{ offeredRate: undefined, achievedRate: 41.2, pairsPerSecond: 2060 },
    gpu: { utilizationRatio: 0.31, emulated: true },
  },
  'nothing known yet': {
    ...progress,
    ...{ elapsedSeconds: 0.7, sent: 0, ended: 0, failed: 0, achievedRate: 0, pairsPerSecond: 0 },
    ...{ p95Seconds: undefined, gpu: undefined },
  },
  draining: { ...progress, elapsedSeconds: 33.7, p95Seconds: 0.0000421 },
}

test('what a terminal of 60, 80 and 120 columns shows, with and without colours and Unicode', async () => {
  const escaped = (line: string) => line.replaceAll('\u001b', '␛')
  const shown = [60, 80, 120].flatMap((columns) =>
    [
      { colour: false, unicode: true },
      { colour: true, unicode: true },
      { colour: false, unicode: false },
    ].flatMap((screen) =>
      Object.entries(moments).flatMap(([name, moment]) => [
        `== ${name}, ${String(columns)} columns${screen.colour ? ', colours' : ''}${screen.unicode ? '' : ', ASCII'}`,
        ...liveLines(moment, { columns, ...screen }).map(escaped),
      ]),
    ),
  )
  await expect(`${shown.join('\n')}\n`).toMatchFileSnapshot('../../golden/live.txt')
})

test('whatever the figures, no line is as wide as the terminal, and ASCII is ASCII', () => {
  const amount = fc.double({ min: 0, max: 1e7, noNaN: true })
  fc.assert(
    fc.property(
      fc.record({
        profile: fc.string({ maxLength: 60, unit: 'grapheme-ascii' }),
        elapsedSeconds: amount,
        scheduledSeconds: fc.double({ min: 0.01, max: 43_200, noNaN: true }),
        planned: fc.nat(),
        sent: fc.nat(),
        ended: fc.constant(0),
        failed: fc.nat(),
        offeredRate: fc.option(amount, { nil: undefined }),
        achievedRate: amount,
        pairsPerSecond: amount,
        p95Seconds: fc.option(amount, { nil: undefined }),
        gpu: fc.option(
          fc.record({
            utilizationRatio: fc.double({ min: 0, max: 1, noNaN: true }),
            emulated: fc.boolean(),
          }),
          { nil: undefined },
        ),
      }),
      fc.integer({ min: 1, max: 300 }),
      (moment, columns) => {
        for (const line of liveLines(moment, { columns, colour: false, unicode: false })) {
          expect(line.length).toBeLessThan(Math.max(2, columns))
          expect(line).toMatch(/^[ -~]*$/)
        }
      },
    ),
    { numRuns: 300 },
  )
})

describe('on a terminal', () => {
  class Terminal extends PassThrough {
    readonly isTTY = true
    columns = 80
    rows = 24
    readonly hasColors = (environment: object) => !('NO_COLOR' in environment)
  }
  const shownOn = (
    environment: Record<string, string>,
    use: (writer: ReturnType<typeof progressWriter>, terminal: Terminal) => void,
  ): string => {
    const terminal = new Terminal()
    use(progressWriter(terminal as unknown as NodeJS.WriteStream, environment), terminal)
    return String((terminal.read() as Buffer | null) ?? '')
  }
  const drawn = (environment: Record<string, string>) =>
    shownOn(environment, (writer) => {
      writer.write(progress)
      writer.end()
    })
  const utf8 = { LANG: 'en_US.UTF-8' }

  test('drawn again in place, each time in one piece; then taken away, the cursor given back', () => {
    const pieces: string[] = []
    const listeners = process.listenerCount('exit')
    shownOn({ ...utf8, NO_COLOR: '1' }, (writer, terminal) => {
      terminal.on('data', (piece: Buffer) => pieces.push(String(piece)))
      writer.write(progress)
      writer.write(progress)
      expect(process.listenerCount('exit')).toBe(listeners + 1)
      writer.end()
      writer.end()
      terminal.read()
    })
    const lines = liveLines(progress, { columns: 80, colour: false, unicode: true })
    const body = `${lines.map((line) => `${line}\u001b[K`).join('\n')}\u001b[J`
    expect(pieces.join('')).toBe(
      `\u001b[?25l\r${body}\u001b[?25l\r\u001b[5A${body}\r\u001b[5A\u001b[J\u001b[?25h`,
    )
    expect(process.listenerCount('exit')).toBe(listeners)
  })

  test('a process that ends in the middle of it gives the cursor back', () => {
    const before = process.listeners('exit')
    const text = shownOn(utf8, (writer) => {
      writer.write(progress)
      const [restore] = process.listeners('exit').filter((one) => !before.includes(one))
      restore!(130)
      process.removeListener('exit', restore!)
    })
    expect(text.endsWith('\u001b[?25h')).toBe(true)
  })

  test('a terminal that becomes narrower is drawn at once, over the lines that it broke in two', () => {
    const text = shownOn({ ...utf8, NO_COLOR: '1' }, (writer, terminal) => {
      writer.write(progress)
      terminal.read()
      terminal.columns = 50
      terminal.emit('resize')
    })
    // Of the six lines that were drawn for 80 columns, four are wider than 50.
    expect(text.slice(0, 11)).toBe('\u001b[?25l\r\u001b[9A')
    expect(text).toContain('12 of 30 s')
    for (const line of text.split('\n')) expect(line.length).toBeLessThan(50 + 30)
  })

  test('a screen of four rows shows three lines', () => {
    const text = shownOn(utf8, (writer, terminal) => {
      terminal.rows = 4
      writer.write(progress)
    })
    expect(text.split('\n')).toHaveLength(3)
  })

  test.each([
    [{}, true],
    [{ NO_COLOR: '' }, true],
    [{ NO_COLOR: '1' }, false],
  ])('%o: colours %s', (environment, colour) => {
    expect(drawn({ ...utf8, ...environment }).includes('\u001b[2m')).toBe(colour)
  })

  test.each([
    [{ LANG: 'zh_CN.utf8' }, true],
    [{ LANG: 'C' }, false],
    [{ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, false],
    [{ LC_ALL: '', LC_CTYPE: 'C.UTF-8', LANG: 'C' }, true],
    [{}, false],
  ])('%o: Unicode %s', (environment, unicode) => {
    expect(drawn(environment).includes('━')).toBe(unicode)
  })

  test('TERM=dumb, and anything that is no terminal: a line at a time', () => {
    expect(drawn({ ...utf8, TERM: 'dumb' })).toBe(`${progressLine(progress)}\n`)
    const pipe = new PassThrough()
    const writer = progressWriter(pipe as unknown as NodeJS.WriteStream, utf8)
    writer.write(progress)
    writer.end()
    expect(String(pipe.read())).toBe(`${progressLine(progress)}\n`)
  })
})
