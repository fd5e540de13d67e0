import { busyboxArchive, type Daemon, findOracle, startOracle, startSockerlessd } from "@sockerless/e2e-kit"
import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { request } from "node:http"
import { join } from "node:path"
import { buffer } from "node:stream/consumers"

/** One of the two daemons that are measured. */
export interface Peer {
  readonly name: "sockerlessd" | "dockerd"
  readonly daemon: Daemon
  /** The process all others of the daemon descend from: our supervisor, or dockerd, whose child containerd is. */
  readonly rootPid: () => number
  /** Runs the docker CLI; its exit code must be 0. */
  readonly docker: (...args: ReadonlyArray<string>) => Promise<string>
  /** The same with standard output to /dev/null, for bytes that only have to arrive. */
  readonly discard: (...args: ReadonlyArray<string>) => Promise<void>
  /** One API call without a CLI in between; a status of 400 and above fails. */
  readonly call: (method: string, path: string, body?: object) => Promise<Buffer>
}

const CLI_LIMIT_MILLIS = 300_000

const discardWith = (host: string) => (args: ReadonlyArray<string>) =>
  new Promise<void>((resolve, reject) => {
    const child = spawn("docker", args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DOCKER_HOST: host }
    })
    child.once("error", reject)
    child.once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`docker ${args.join(" ")} ended with ${code}`))
    )
  })

const callOn = (socketPath: string) => (method: string, path: string, body?: object) =>
  new Promise<Buffer>((resolve, reject) => {
    const headers = { Host: "docker", "Content-Type": "application/json" }
    const outgoing = request({ socketPath, method, path, headers }, (response) => {
      buffer(response).then((bytes) => {
        const failed = (response.statusCode ?? 0) >= 400
        return failed ? reject(new Error(`${method} ${path}: ${response.statusCode} ${bytes}`)) : resolve(bytes)
      }, reject)
    })
    outgoing.once("error", reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })

/** Wraps a started daemon. */
export const peerOf = (daemon: Daemon): Peer => {
  const supervisor = join(daemon.folder, "pid.supervisor")
  const discard = discardWith(daemon.docker.host)
  return {
    name: daemon.name === "dockerd" ? "dockerd" : "sockerlessd",
    daemon,
    rootPid: () => (existsSync(supervisor) ? Number(readFileSync(supervisor, "utf8")) : daemon.pid()),
    docker: async (...args) => {
      const { code, stdout, stderr } = await daemon.docker.run(args, { millis: CLI_LIMIT_MILLIS })
      if (code !== 0) throw new Error(`${daemon.name}: docker ${args.join(" ")} ended with ${code}: ${stderr}`)
      return stdout.trim()
    },
    discard: (...args) => discard(args),
    call: callOn(daemon.socket)
  }
}

const loadBusybox = async (peer: Peer): Promise<void> => {
  const { code, stderr } = await peer.daemon.docker.run(["load"], { input: await busyboxArchive() })
  if (code !== 0) throw new Error(`${peer.name} did not load busybox: ${stderr}`)
}

/** Starts both daemons on fresh folders with busybox loaded, gives them to the work and removes them, ours first. */
export const withPeers = async <A>(work: (peers: ReadonlyArray<Peer>) => Promise<A>): Promise<A> => {
  const peers: Array<Peer> = []
  try {
    peers.push(peerOf(await startSockerlessd()))
    if (findOracle() !== undefined) peers.push(peerOf(await startOracle()))
    for (const peer of peers) await loadBusybox(peer)
    return await work(peers)
  } finally {
    for (const { daemon } of peers) await daemon.stop()
  }
}
