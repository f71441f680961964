/**
 * Metrics in the text format of Prometheus. A label takes values of a set that is fixed when the metric is made; any other
 * value is counted as `other`, so that nothing that a caller sends can make a series of its own, or show up in one.
 */

type Labels = Readonly<Record<string, string>>
type LabelSets = Readonly<Record<string, readonly string[] | (() => readonly string[])>>

interface Metric {
  readonly render: () => string[]
}

export interface Counter {
  add(labels?: Labels, by?: number): void
}

export interface Histogram {
  observe(value: number, labels?: Labels): void
}

export interface MetricsRegistry {
  counter(name: string, help: string, labels?: LabelSets): Counter
  histogram(name: string, help: string, buckets: readonly number[], labels?: LabelSets): Histogram
  /** A value that is asked for when the metrics are read. */
  gauge(name: string, help: string, read: () => number): void
  /** Everything, as it is served. */
  text(): string
}

/** An empty registry. */
export function metricsRegistry(): MetricsRegistry {
  const metrics: Metric[] = []
  const head = (name: string, help: string, type: string) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
  return {
    counter(name, help, sets = {}) {
      const series = new Map<string, number>()
      if (Object.keys(sets).length === 0) series.set('', 0)
      metrics.push({
        render: () => [
          ...head(name, help, 'counter'),
          ...[...series].map(([at, value]) => `${name}${braces(at)} ${value}`),
        ],
      })
      return {
        add(labels = {}, by = 1) {
          const at = seriesOf(labels, sets)
          series.set(at, (series.get(at) ?? 0) + by)
        },
      }
    },
    histogram(name, help, buckets, sets = {}) {
      const series = new Map<string, { counts: number[]; sum: number; count: number }>()
      const lines = ([at, { counts, sum, count }]: [string, { counts: number[]; sum: number; count: number }]) => {
        let below = 0
        const steps = buckets.map((bound, i) => {
          below += counts[i] ?? 0
          return `${name}_bucket${braces(join(at, `le="${bound}"`))} ${below}`
        })
        return [
          ...steps,
          `${name}_bucket${braces(join(at, 'le="+Inf"'))} ${count}`,
          `${name}_sum${braces(at)} ${sum}`,
          `${name}_count${braces(at)} ${count}`,
        ]
      }
      metrics.push({ render: () => [...head(name, help, 'histogram'), ...[...series].flatMap(lines)] })
      return {
        observe(value, labels = {}) {
          const at = seriesOf(labels, sets)
          const one = series.get(at) ?? { counts: buckets.map(() => 0), sum: 0, count: 0 }
          const bucket = buckets.findIndex((bound) => value <= bound)
          if (bucket >= 0) one.counts[bucket] = (one.counts[bucket] ?? 0) + 1
          one.sum += value
          one.count++
          series.set(at, one)
        },
      }
    },
    gauge(name, help, read) {
      metrics.push({ render: () => [...head(name, help, 'gauge'), `${name} ${read()}`] })
    },
    text: () => `${metrics.flatMap(({ render }) => render()).join('\n')}\n`,
  }
}

function seriesOf(labels: Labels, sets: LabelSets): string {
  return Object.entries(sets)
    .map(([name, set]) => {
      const allowed = typeof set === 'function' ? set() : set
      const value = labels[name] ?? 'other'
      return `${name}="${allowed.includes(value) ? value : 'other'}"`
    })
    .join(',')
}

const join = (a: string, b: string): string => (a === '' ? b : `${a},${b}`)
const braces = (labels: string): string => (labels === '' ? '' : `{${labels}}`)
