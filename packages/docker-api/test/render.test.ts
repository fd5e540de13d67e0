import { assert, it } from "@effect/vitest"
import { inspectJson } from "../src/containers/inspect.ts"
import { makeSummaries } from "../src/containers/list.ts"
import { humanDuration, statusText } from "../src/containers/status-text.ts"
import { snapshot } from "./snapshots.ts"

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

it("durations read as Docker's do", () => {
  const cases: ReadonlyArray<readonly [number, string]> = [
    [400, "Less than a second"],
    [second, "1 second"],
    [45 * second, "45 seconds"],
    [minute, "About a minute"],
    [3 * minute, "3 minutes"],
    [59 * minute, "59 minutes"],
    [hour, "About an hour"],
    [3 * hour, "3 hours"],
    [13 * day, "13 days"],
    [14 * day, "2 weeks"],
    [60 * day, "2 months"],
    [730 * day, "2 years"]
  ]
  for (const [millis, text] of cases) assert.strictEqual(humanDuration(millis), text)
})

it("status texts are those of docker ps", () => {
  const state = snapshot().state
  const at = Date.parse("2026-01-01T00:00:03Z")
  const times = { startedAt: "2026-01-01T00:00:00Z", finishedAt: "2026-01-01T00:00:01Z" }
  const health = { failingStreak: 0, log: [] }
  assert.strictEqual(statusText(state, at), "Created")
  assert.strictEqual(statusText({ ...state, ...times, status: "running" }, at), "Up 3 seconds")
  assert.strictEqual(statusText({ ...state, ...times, status: "paused" }, at), "Up 3 seconds (Paused)")
  assert.strictEqual(statusText({ ...state, ...times, status: "exited", exitCode: 3 }, at), "Exited (3) 2 seconds ago")
  assert.strictEqual(
    statusText({ ...state, ...times, status: "restarting", exitCode: 1 }, at),
    "Restarting (1) 2 seconds ago"
  )
  assert.strictEqual(
    statusText({ ...state, ...times, status: "running", health: { ...health, status: "healthy" } }, at),
    "Up 3 seconds (healthy)"
  )
  assert.strictEqual(
    statusText({ ...state, ...times, status: "running", health: { ...health, status: "starting" } }, at),
    "Up 3 seconds (health: starting)"
  )
})

it("inspect has dockerd's keys in dockerd's order", () => {
  const shown = inspectJson(snapshot(), "overlay2", 51)
  assert.deepStrictEqual(
    Object.keys(shown),
    `Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver Platform
     MountLabel ProcessLabel AppArmorProfile ExecIDs HostConfig GraphDriver Mounts Config NetworkSettings`.split(/\s+/)
  )
  const text = JSON.stringify(shown)
  assert.include(text, '"ExecIDs":null')
  assert.include(text, '"Mounts":[]')
  assert.include(text, '"Ports":{}')
  assert.notInclude(text, '"Health"')
})

it("a running container shows its address, its ports and, from 1.44, its DNS names", () => {
  const running = snapshot({
    state: { ...snapshot().state, status: "running", pid: 7, startedAt: "2026-01-01T00:00:00Z" },
    ports: [{ containerPort: 80, protocol: "tcp", hostIp: "0.0.0.0", hostPort: 8080 }],
    endpoints: {
      net: {
        endpointId: "e",
        ipAddress: "172.17.0.2",
        prefixLength: 16,
        gateway: "172.17.0.1",
        macAddress: "02:42:ac:11:00:02",
        ipv6Address: "",
        ipv6PrefixLength: 0,
        ipv6Gateway: "",
        dnsNames: ["plain"]
      }
    }
  })
  const newest = JSON.stringify(inspectJson(running, "overlay2", 51))
  assert.include(newest, '"Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}]}')
  assert.include(newest, '"DNSNames":["plain"]')
  assert.strictEqual(newest.split('"IPAddress":"172.17.0.2"').length, 3)
  assert.notInclude(JSON.stringify(inspectJson(running, "overlay2", 43)), "DNSNames")
  const summary = makeSummaries()
  const row: unknown = JSON.parse(summary(running, { minor: 51, nowMillis: Date.parse("2026-01-01T00:00:05Z") }))
  assert.deepInclude(row, {
    Names: ["/plain"],
    Command: "echo hi",
    Created: 1_767_225_600,
    State: "running",
    Status: "Up 5 seconds",
    Ports: [{ IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" }]
  })
})

it("labels named like JavaScript's own properties are labels", () => {
  const spec = snapshot().spec
  const labels: Record<string, string> = JSON.parse('{"__proto__":"a","constructor":"b"}')
  const text = JSON.stringify(inspectJson(snapshot({ spec: { ...spec, labels } }), "overlay2", 51))
  assert.include(text, '"Labels":{"__proto__":"a","constructor":"b"}')
})
