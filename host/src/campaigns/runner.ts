/**
 * A node's part in the campaigns: it takes one chunk after another, as all nodes do, and brings back the chunks of nodes that
 * died. It works on a chunk for a short time only and then leaves the rest to whoever is next, so that a chunk that is not
 * finished long after is one whose node has died.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreContext } from '../store/card-store.js'
import { workOn } from './chunk.js'
import { type ChunkJob, type ChunkJobs, chunkJobs } from './jobs.js'

export interface RunnerOptions {
  /** Hears what went wrong; the runner goes on. */
  readonly onError: (error: unknown) => void
  /** Milliseconds. */
  readonly now?: () => number
  readonly times?: Partial<RunnerTimes>
}

/** Milliseconds. */
export interface RunnerTimes {
  /** Before the first look: a host that has just begun to answer has better things to do. */
  readonly first: number
  /** Between two looks when there is nothing to do. */
  readonly idle: number
  /** How long a chunk is worked on. Far less than the expiry of its job. */
  readonly slice: number
  /** How long the chunk in hand is worked on when the runner is stopped. */
  readonly stop: number
  /** Between two looks for jobs whose time is over. */
  readonly maintenance: number
}

const TIMES: RunnerTimes = { first: 1_000, idle: 1_000, slice: 3_000, stop: 2_000, maintenance: 3_000 }

export interface CampaignRunner {
  /** Takes no more chunks and finishes the one in hand, or what of it can be done in the time to stop. */
  close(): Promise<void>
}

/** Starts taking chunks, in the background. */
export function startCampaigns(context: StoreContext, options: RunnerOptions): CampaignRunner {
  const { onError, now = Date.now } = options
  const times = { ...TIMES, ...options.times }
  const stopping = new AbortController()
  let end = Number.POSITIVE_INFINITY
  let maintained = Number.NEGATIVE_INFINITY

  const pause = (milliseconds: number) =>
    sleep(milliseconds, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
  const maintain = async (jobs: ChunkJobs) => {
    if (performance.now() - maintained < times.maintenance) return
    maintained = performance.now()
    await jobs.maintain()
  }
  const work = async (jobs: ChunkJobs, job: ChunkJob) => {
    const until = performance.now() + times.slice
    const isOver = () => performance.now() > Math.min(until, end)
    try {
      const isDone = await workOn(context, job, { now, isOver, onError })
      await (isDone ? jobs.finish(job) : jobs.handOver(job))
    } catch (error) {
      // Should this fail too, the job comes back when its time is over.
      await jobs.giveBack(job).catch(() => {})
      throw error
    }
  }
  const look = async () => {
    const jobs = await chunkJobs(context.database)
    await maintain(jobs)
    const job = await jobs.take()
    if (job !== undefined) await work(jobs, job)
    return job !== undefined
  }
  const run = async () => {
    await pause(times.first)
    while (!stopping.signal.aborted) {
      const found = await look().catch((error: unknown) => onError(error))
      if (found !== true) await pause(times.idle)
    }
  }
  const running = run()
  return {
    close() {
      end = performance.now() + times.stop
      stopping.abort()
      return running
    },
  }
}
