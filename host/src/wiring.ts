/** What is plugged into the host: its routes, in the order of the documentation. */
import type { Routes } from './context.js'
import { adviceRoutes } from './routes/advices.js'
import { auditRoutes } from './routes/audit.js'
import { authorizationRoutes } from './routes/authorizations.js'
import { campaignRoutes } from './routes/campaigns.js'
import { cardChangeRoutes } from './routes/card-changes.js'
import { cardScriptRoutes } from './routes/card-scripts.js'
import { cardRoutes } from './routes/cards.js'
import { channelCredentialRoutes } from './routes/channel-credentials.js'
import { channelRoutes } from './routes/channels.js'
import { cryptogramBatchRoutes } from './routes/cryptogram-batch.js'
import { cryptogramRoutes } from './routes/cryptograms.js'
import { eventRoutes } from './routes/events.js'
import { issuerRoutes } from './routes/issuers.js'
import { keyRoutes } from './routes/keys.js'
import { odaRoutes } from './routes/oda.js'
import { odaBatchRoutes } from './routes/oda-batch.js'
import { scriptBatchRoutes } from './routes/script-batch.js'
import { scriptRoutes } from './routes/scripts.js'

/** The modules of routes under /v1. */
export const ROUTES: readonly Routes[] = [
  keyRoutes,
  issuerRoutes,
  odaRoutes,
  odaBatchRoutes,
  cryptogramRoutes,
  cryptogramBatchRoutes,
  scriptRoutes,
  scriptBatchRoutes,
  cardRoutes,
  cardScriptRoutes,
  cardChangeRoutes,
  eventRoutes,
  authorizationRoutes,
  adviceRoutes,
  channelCredentialRoutes,
  channelRoutes,
  campaignRoutes,
  auditRoutes,
]
