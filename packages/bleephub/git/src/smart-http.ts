import { spawn } from "node:child_process"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { createGunzip } from "node:zlib"
import { FLUSH, parsePush, pktLine, type PushCommands, rejectPush } from "./pkt-line.ts"
import type { RefUpdate } from "./refs.ts"
import { gitEnvironment } from "./run.ts"

export type Service = "git-upload-pack" | "git-receive-pack"

/** More commands than this in one push are refused; the buffer that holds them is bounded by it. */
const COMMAND_BYTES = 8 * 1024 * 1024

const start = (
  service: Service,
  path: string,
  request: IncomingMessage,
  flags: ReadonlyArray<string>,
  config: Readonly<Record<string, string>> = {}
) => {
  const protocol = request.headers["git-protocol"]
  const settings = Object.entries(config).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  return spawn("git", [...settings, service.replace("git-", ""), "--stateless-rpc", ...flags, path], {
    env: gitEnvironment(typeof protocol === "string" ? { GIT_PROTOCOL: protocol } : {}),
    stdio: ["pipe", "pipe", "ignore"]
  })
}

const headersOf = (service: Service, kind: "advertisement" | "result") => ({
  "content-type": `application/x-${service}-${kind}`,
  "cache-control": "no-cache, max-age=0, must-revalidate",
  expires: "Fri, 01 Jan 1980 00:00:00 GMT",
  pragma: "no-cache"
})

/** Answers `GET …/info/refs?service=…`: what refs there are. */
export const advertise = async (
  service: Service,
  path: string,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> => {
  const child = start(service, path, request, ["--http-backend-info-refs"])
  response.once("close", () => child.kill())
  response.writeHead(200, headersOf(service, "advertisement"))
  const version2 = String(request.headers["git-protocol"] ?? "").includes("version=2")
  if (!(version2 && service === "git-upload-pack")) response.write(`${pktLine(`# service=${service}\n`)}${FLUSH}`)
  child.stdin.end()
  await pipeline(child.stdout, response)
}

const bodyOf = (request: IncomingMessage): Readable =>
  request.headers["content-encoding"] === "gzip" ? request.pipe(createGunzip()) : request

/** Answers `POST …/git-upload-pack`: a clone or fetch, streamed both ways; the child dies with the connection. */
export const uploadPack = async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const child = start("git-upload-pack", path, request, [])
  response.once("close", () => child.kill())
  response.writeHead(200, headersOf("git-upload-pack", "result"))
  await Promise.all([
    // A client that has what it wanted may stop listening; that is no failure of ours.
    pipeline(bodyOf(request), child.stdin).catch((error: NodeJS.ErrnoException) => ignoreClosed(error)),
    pipeline(child.stdout, response).catch((error: NodeJS.ErrnoException) => ignoreClosed(error))
  ])
}

const CLOSED = new Set(["EPIPE", "ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"])

const ignoreClosed = (error: NodeJS.ErrnoException): void => {
  if (!CLOSED.has(error.code ?? "")) throw error
}

const readCommands = async (body: Readable): Promise<{ readonly push: PushCommands; readonly read: Buffer }> => {
  let read = Buffer.alloc(0)
  for (;;) {
    const chunk = await nextChunk(body)
    if (chunk === undefined) throw new RangeError("the push ended in the middle of its commands")
    read = Buffer.concat([read, chunk])
    const push = parsePush(read)
    if (push !== undefined) return { push, read }
    if (read.length > COMMAND_BYTES) throw new RangeError("the push has too many commands")
  }
}

const nextChunk = (body: Readable): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const take = (): void => {
      const chunk: Buffer | null = body.read()
      if (chunk !== null) done(chunk)
    }
    const end = (): void => done(undefined)
    const fail = (error: Error): void => {
      release()
      reject(error)
    }
    const release = (): void => {
      body.off("readable", take)
      body.off("end", end)
      body.off("error", fail)
    }
    const done = (chunk: Buffer | undefined): void => {
      release()
      resolve(chunk)
    }
    body.on("readable", take)
    body.once("end", end)
    body.once("error", fail)
    if (body.readableEnded) end()
  })

export interface PushDecision {
  /** The reason why a ref must not move, or undefined when it may. */
  readonly refuse: (update: RefUpdate) => string | undefined | Promise<string | undefined>
  /** Whether git has to refuse moves that forget commits: only it can tell once the pack has come. */
  readonly refuseForced: (updates: ReadonlyArray<RefUpdate>) => boolean
  /** Runs when every ref may move, before git sees the pack. */
  readonly before: (updates: ReadonlyArray<RefUpdate>) => Promise<void>
  /** Runs when git is done and before the client hears of it; some of the refs may not have moved. */
  readonly after: (updates: ReadonlyArray<RefUpdate>) => Promise<void>
}

/**
 * Answers `POST …/git-receive-pack`. One refused ref refuses the whole push: nothing moves and each ref is told why.
 * Git's own answer is held back until `after` is done, so what the client has heard of is durable everywhere.
 */
export const receivePack = async (
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  decision: PushDecision
): Promise<void> => {
  const body = bodyOf(request)
  const { push, read } = await readCommands(body)
  const refusals = new Map<string, string>()
  for (const update of push.updates) {
    const reason = await decision.refuse(update)
    if (reason !== undefined) refusals.set(update.ref, reason)
  }
  if (refusals.size > 0) {
    body.resume()
    response.writeHead(200, headersOf("git-receive-pack", "result"))
    response.end(rejectPush(push, (update) => refusals.get(update.ref) ?? "another ref of this push was refused"))
    return
  }
  await decision.before(push.updates)
  const answer = await feed(path, request, body, read, decision.refuseForced(push.updates))
  await decision.after(push.updates)
  response.writeHead(200, headersOf("git-receive-pack", "result"))
  response.end(answer)
}

const feed = async (
  path: string,
  request: IncomingMessage,
  body: Readable,
  read: Buffer,
  refuseForced: boolean
): Promise<Buffer> => {
  const child = start(
    "git-receive-pack",
    path,
    request,
    [],
    refuseForced ? { "receive.denyNonFastForwards": "true" } : {}
  )
  const answer: Array<Buffer> = []
  child.stdout.on("data", (chunk: Buffer) => answer.push(chunk))
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", () => resolve())
  })
  child.stdin.write(read)
  await pipeline(body, child.stdin).catch((error: NodeJS.ErrnoException) => {
    ignoreClosed(error)
    child.stdin.end()
  })
  await ended
  return Buffer.concat(answer)
}
