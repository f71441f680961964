/** For threads of a host that runs from its sources: they have no loader of TypeScript unless they are given one. */
import { register } from 'tsx/esm/api'

register()
