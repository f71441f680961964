// A node that a test kills: works on the campaigns of the database given, with the times of a host.
import { startCampaigns } from '../../src/campaigns/runner.js'
import { openDatabase } from '../../src/database.js'
import { localKeyService } from '../../src/keys/local-key-service.js'
import { MasterKey } from '../../src/wrap.js'

const database = openDatabase({ address: { connectionString: process.argv[2] ?? '' } })
const masterKey = new MasterKey(new Uint8Array(32))
const keys = localKeyService(database, masterKey)
startCampaigns({ database, masterKey, keys }, { onError: (error) => console.error(error), times: { first: 0 } })
process.stdin.resume()
process.stdout.write('started\n')
