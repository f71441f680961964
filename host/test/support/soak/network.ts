/** The way to the host: any node of it, and again until one answers. */
import type { FastifyInstance } from 'fastify'

export interface Message {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly body?: object
  /** The Idempotency-Key. */
  readonly key?: string
}

export interface Reply {
  readonly status: number
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface Network {
  /** Sends a message to one of the nodes, the same message again to another when that one dies before it answers. */
  send(message: Message): Promise<Reply>
}

/** A node in this process. */
export interface InjectedNode {
  readonly app: FastifyInstance
  readonly token: string
}

/** Nodes in this process; each message goes to the next of them. */
export function injectedNetwork(nodes: readonly InjectedNode[]): Network {
  let turn = 0
  return {
    async send({ method, url, body, key }) {
      const node = nodes[turn++ % nodes.length] as InjectedNode
      const headers = {
        authorization: `Bearer ${node.token}`,
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      }
      const payload = body === undefined ? {} : { payload: body }
      const answer = await node.app.inject({ method, url, headers, ...payload })
      return reply(answer.statusCode, answer.body)
    },
  }
}

/** An answer of JSON. */
export function reply(status: number, text: string): Reply {
  return { status, text, body: JSON.parse(text) as Record<string, unknown> }
}
