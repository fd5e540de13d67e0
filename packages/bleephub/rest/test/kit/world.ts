import { vi } from "vitest"
import { createServer, type Server } from "node:http"
import { mkdir, mkdtemp, rm } from "node:fs/promises"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { getRequestListener } from "@hono/node-server"
import { createAccount, createToken, type Account, type Hub, openHub } from "@sockerless/bleephub-core"
import { Contract } from "@sockerless/bleephub-contract"
import { storeMemory } from "@sockerless/store"
import { Effect } from "effect"
import { restApp } from "../../src/index.ts"

// Git and the description take their time on a busy machine.
vi.setConfig({ testTimeout: 180_000 })

let known: Contract | undefined

/** GitHub's description, read once per process. */
const contract = (): Contract => (known ??= new Contract())

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // Tests read what the description has already been held against.
  readonly json: ReturnType<typeof JSON.parse>
}

/** A server of its own with one user and her token; every answer is held against GitHub's description. */
export interface World extends AsyncDisposable {
  readonly hub: Hub
  readonly url: string
  readonly user: Account
  readonly token: string
  /** Makes another account and its token. */
  readonly person: (login: string, scopes?: ReadonlyArray<string>) => Promise<{ account: Account; token: string }>
  /** Asks the REST API; `token` null is anonymous. */
  readonly ask: (method: string, path: string, body?: unknown, options?: AskOptions) => Promise<Answer>
}

export interface AskOptions {
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

const ALL_SCOPES = [
  "repo",
  "admin:org",
  "user",
  "gist",
  "admin:public_key",
  "admin:repo_hook",
  "delete_repo",
  "workflow"
]

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })

/** Opens a world in a folder of its own; leaving its scope ends and removes it and fails on a broken contract. */
export const openWorld = async (): Promise<World> => {
  const folder = await mkdtemp(join(tmpdir(), "bleephub-rest-"))
  await mkdir(join(folder, "repositories"))
  const hub = await Effect.runPromise(
    openHub({ repositoriesFolder: join(folder, "repositories") }).pipe(Effect.provide(storeMemory), Effect.scoped)
  )
  const defects: Array<unknown> = []
  const before = contract().broken.length
  const app = restApp({ hub, observe: contract().observe, defect: (error) => defects.push(error) })
  const listener = getRequestListener((request, env) => app.fetch(request, { ...env, scheme: "http" }), {
    overrideGlobalObjects: false
  })
  const server = createServer(listener)
  const url = await listen(server)
  const person: World["person"] = async (login, scopes = ALL_SCOPES) =>
    hub.change(() => {
      const account = createAccount(hub, { login })
      return { account, token: createToken(hub, { account, scopes, note: "test" }).text }
    })
  const first = await person("mona")
  return {
    hub,
    url,
    user: first.account,
    token: first.token,
    person,
    ask: async (method, path, body, options = {}) => {
      const token = options.token === undefined ? first.token : options.token
      const response = await fetch(path.startsWith("http") ? path : `${url}/api/v3${path}`, {
        method,
        redirect: "manual",
        headers: { ...(token !== null && { authorization: `Bearer ${token}` }), ...options.headers },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) })
      })
      const text = await response.text()
      const isJson = response.headers.get("content-type")?.includes("json") === true
      return { status: response.status, headers: response.headers, json: isJson ? JSON.parse(text) : text }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
      if (defects.length > 0) throw defects[0]
      const broken = contract().broken.slice(before)
      if (broken.length > 0) throw new Error(broken.map((one) => one.message).join("\n"))
    }
  }
}
