import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { setTimeout as pause } from "node:timers/promises"
import type { Bridge } from "../../../src/network/bridges.ts"
import type { Namespace } from "../../../src/network/books.ts"

/** A bridge with Docker's defaults. */
export const bridge = (id: string, number: number, over: Partial<Bridge> = {}): Bridge => ({
  id,
  name: `sl-${id}`,
  subnet: `172.${number}.0.0/16`,
  gateway: `172.${number}.0.1`,
  auxAddresses: {},
  internal: false,
  mtu: 1500,
  masquerade: true,
  icc: true,
  ...over
})

/** Prints a fact for the test to compare. */
export const see = (fact: string): void => {
  process.stdout.write(`${fact}\n`)
}

const entering = (where: string | Namespace | undefined): ReadonlyArray<string> =>
  where === undefined ? [] : ["nsenter", `--net=${typeof where === "string" ? where : where.path}`]

/** Runs a command in a namespace (undefined: the machine's own) and gives what it printed, trimmed. */
export const within = (where: string | Namespace | undefined, command: string): Promise<string> =>
  new Promise((resolve) => {
    const [file = "sh", ...args] = [...entering(where), "sh", "-c", command]
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] })
    let text = ""
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()))
    child.once("close", () => resolve(text.trim()))
  })

/** Starts a server in a namespace and waits until its port is bound. */
export const serve = async (
  where: Namespace | string | undefined,
  command: string,
  port: string
): Promise<ChildProcess> => {
  const [file = "sh", ...args] = [...entering(where), "sh", "-c", command]
  const child = spawn(file, args, { stdio: "ignore" })
  for (let turn = 0; turn < 100; turn += 1) {
    if ((await within(where, `ss -Hlntu 'sport = :${port}'`)) !== "") return child
    await pause(20)
  }
  throw new Error(`nothing listens on ${port}`)
}

/** A TCP server that answers every client with a word. */
export const tcpServer = (where: Namespace | string | undefined, port: number, word: string): Promise<ChildProcess> =>
  serve(where, `exec socat TCP-LISTEN:${port},fork,reuseaddr SYSTEM:'echo ${word}'`, String(port))

/** A UDP server that answers every datagram with a word. */
export const udpServer = (where: Namespace | string | undefined, port: number, word: string): Promise<ChildProcess> =>
  serve(where, `exec socat UDP-RECVFROM:${port},fork SYSTEM:'echo ${word}'`, String(port))

/** What a TCP client at `where` gets from the address, or `nothing`. */
export const askTcp = async (where: Namespace | string | undefined, address: string): Promise<string> => {
  const answer = await within(where, `socat -T1 - TCP:${address},connect-timeout=1 </dev/null 2>/dev/null`)
  return answer === "" ? "nothing" : answer
}

/** What a UDP client at `where` gets from the address, or `nothing`. */
export const askUdp = async (where: Namespace | string | undefined, address: string): Promise<string> => {
  const answer = await within(where, `echo hi | socat -t1 -T1 - UDP:${address} 2>/dev/null`)
  return answer === "" ? "nothing" : answer
}

/** A neighbour machine at 10.9.0.2, this machine being 10.9.0.1; gives the path of its namespace. */
export const neighbour = (): string => {
  const script = `ip netns add neighbour
    ip link add out type veth peer name eth0 netns neighbour
    ip addr add 10.9.0.1/24 dev out && ip link set out up
    ip -n neighbour addr add 10.9.0.2/24 dev eth0 && ip -n neighbour link set eth0 up && ip -n neighbour link set lo up`
  const done = spawnSync("sh", ["-e", "-c", script], { encoding: "utf8" })
  if (done.status !== 0) throw new Error(done.stderr)
  return "/run/netns/neighbour"
}
