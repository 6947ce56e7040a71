/** OpenMetrics 1.0, which Prometheus asks for first. */
export const openMetricsContentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** Units as OpenMetrics spells them; a unit may be stated only where the name ends with it. */
const unitWords: Readonly<Record<string, string>> = {
  '1': 'ratio',
  s: 'seconds',
  By: 'bytes',
  W: 'watts',
  J: 'joules',
  Cel: 'celsius',
  Hz: 'hertz',
}

/**
 * The Prometheus text format as OpenMetrics: counters are families without `_total`, what is called
 * `_info` is of the type info, units are words, and the end is marked. Series stay as they are, `le`
 * included, so that a scraper which changes its mind about the format goes on with the same ones.
 */
export function toOpenMetrics(text: string): string {
  const families = familiesIn(text)
  const lines = text.split('\n').flatMap((line) => {
    const [, keyword, name = '', rest = ''] = /^# (HELP|UNIT|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
    if (keyword === undefined) return line === '' ? [] : [line]
    const { family, type } = families.get(name) ?? { family: name, type: 'unknown' }
    switch (keyword) {
      case 'HELP':
        return [`# HELP ${family} ${rest.replaceAll('"', String.raw`\"`)}`]
      case 'TYPE':
        return [`# TYPE ${family} ${type}`]
      default: {
        const word = unitWords[rest]
        return word !== undefined && family.endsWith(`_${word}`) ? [`# UNIT ${family} ${word}`] : []
      }
    }
  })
  return [...lines, '# EOF', ''].join('\n')
}

interface Family {
  readonly family: string
  readonly type: string
}

function familiesIn(text: string): ReadonlyMap<string, Family> {
  return new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [
      name,
      familyOf(name, type),
    ]),
  )
}

function familyOf(name: string, type: string): Family {
  if (type === 'counter') return { family: name.replace(/_total$/, ''), type }
  if (type === 'gauge' && name.endsWith('_info')) {
    return { family: name.slice(0, -'_info'.length), type: 'info' }
  }
  return { family: name, type }
}
