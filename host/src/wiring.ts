/** What is plugged into the host: its routes, in the order of the documentation. */
import type { Routes } from './context.js'
import { auditRoutes } from './routes/audit.js'
import { cryptogramRoutes } from './routes/cryptograms.js'
import { issuerRoutes } from './routes/issuers.js'
import { keyRoutes } from './routes/keys.js'
import { odaRoutes } from './routes/oda.js'
import { odaBatchRoutes } from './routes/oda-batch.js'
import { scriptRoutes } from './routes/scripts.js'

/** The modules of routes under /v1. */
export const ROUTES: readonly Routes[] = [
  keyRoutes,
  issuerRoutes,
  odaRoutes,
  odaBatchRoutes,
  cryptogramRoutes,
  scriptRoutes,
  auditRoutes,
]
