import { beforeAll, expect, test } from "vitest"
import { expectRefusal, underSiege } from "@sockerless/e2e-hostile"

const siege = underSiege()
const target = "hostile-target"

beforeAll(() => siege.docker.ok("run", "-d", "--name", target, "busybox", "sleep", "3600"))

const filters = (value: unknown): string =>
  `filters=${encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value))}`

const TITLE_CHARS = 80
const titled = (rows: ReadonlyArray<readonly [string, number, string | RegExp]>) =>
  rows.map(([path, status, message]) => [path.slice(0, TITLE_CHARS), path, status, message] as const)

const gets: ReadonlyArray<readonly [string, number, string | RegExp]> = [
  ["/containers/%00/json", 404, "No such container: \0"],
  ["/containers/..%2f..%2fetc%2fpasswd/json", 404, "No such container: ../../etc/passwd"],
  [`/containers/${"a".repeat(5000)}/json`, 404, /^No such container: a{5000}$/],
  [`/containers/json?${filters("{")}`, 400, "invalid filter"],
  [`/containers/json?${filters("[]")}`, 400, "invalid filter"],
  [`/containers/json?${filters("3")}`, 400, "invalid filter"],
  [`/containers/json?${filters("[".repeat(100_000))}`, 400, "invalid filter"],
  [`/containers/json?${filters({ label: 3 })}`, 400, "invalid filter"],
  [`/containers/json?${filters({ label: [3] })}`, 400, "invalid filter"],
  [`/containers/json?${filters({ label: { a: 3 } })}`, 400, "invalid filter"],
  [`/containers/json?${filters({ zzz: ["a"] })}`, 400, "invalid filter 'zzz'"],
  [`/containers/json?${filters('{"__proto__":["a"]}')}`, 400, "invalid filter '__proto__'"],
  [`/containers/json?${filters({ status: ["zzz"] })}`, 400, "invalid filter 'status=zzz'"],
  [`/containers/json?${filters({ health: ["zzz"] })}`, 400, "invalid filter 'health=zzz'"],
  [`/containers/json?${filters({ exited: ["zzz"] })}`, 400, "invalid filter 'exited=zzz'"],
  [`/containers/json?${filters({ before: ["zzz"] })}`, 404, "No such container: zzz"],
  ["/containers/json?limit=abc", 400, 'strconv.Atoi: parsing "abc": invalid syntax'],
  ["/containers/json?limit=99999999999999999999", 400, /^strconv\.Atoi: parsing "9{20}"/],
  [`/volumes?${filters({ zzz: ["a"] })}`, 400, "invalid filter 'zzz'"],
  [`/networks?${filters({ zzz: ["a"] })}`, 400, "invalid filter 'zzz'"],
  [`/images/json?${filters({ zzz: ["a"] })}`, 400, "invalid filter 'zzz'"],
  [`/images/json?${filters({ dangling: ["zzz"] })}`, 400, "invalid filter 'dangling=[zzz]'"],
  [`/images/json?${filters({ until: ["zzz"] })}`, 400, 'invalid value for "until" filter: zzz'],
  [`/images/json?${filters({ until: ["1".repeat(500_000)] })}`, 400, 'invalid value for "until" filter'],
  [`/events?until=1&${filters({ zzz: ["a"] })}`, 400, "invalid filter 'zzz'"],
  ["/events?since=zzz", 400, 'invalid value for "since": "zzz" is not a time'],
  ["/events?until=zzz", 400, 'invalid value for "until": "zzz" is not a time'],
  [`/containers/${target}/logs`, 400, "Bad parameters: you must choose at least one stream"],
  [`/containers/${target}/logs?stdout=1&since=abc`, 400, 'invalid value for "since": "abc" is not a time'],
  [`/containers/${target}/logs?stdout=1&since=99999999999999999999`, 400, /is not a time$/],
  [`/containers/${target}/logs?stdout=1&until=2024-13-45T00:00:00Z`, 400, /is not a time$/],
  [`/containers/${target}/archive`, 400, "bad parameter: path cannot be empty"],
  [`/containers/${target}/archive?path=%00`, 400, "invalid argument: a NUL byte in path"],
  [
    `/containers/${target}/archive?path=../../../../etc/shadow`,
    404,
    `Could not find the file ../../../../etc/shadow in container ${target}`
  ],
  [`/containers/${target}/top?ps_args=--zzz`, 500, /^error running ps --zzz: /],
  ["/networks/..%2f..%2fetc", 404, "network ../../etc not found"],
  ["/volumes/..%2f..%2fetc", 404, "get ../../etc: no such volume"],
  ["/images/..%2f..%2fetc/json", 400, "invalid reference format"],
  ["/images/a%00b/json", 400, "invalid reference format"],
  [`/images/${"a".repeat(300)}/json`, 400, /must not be more than 255 characters$/],
  [`/images/${"a".repeat(64)}/json`, 404, /^No such image: a{64}/],
  ["/images/busybox:..%2f/json", 400, "invalid reference format"],
  ["/images/busybox@sha256:zz/json", 400, "invalid reference format"],
  ["/images/get?names=..%2f", 400, "invalid reference format"],
  ["/exec/..%2f/json", 404, "No such exec instance: ../"]
]

test.each(titled(gets))("GET %s", async (_, path, status, message) => {
  expectRefusal(await siege.ask({ path }), status, message)
})

const posts: ReadonlyArray<readonly [string, number, string | RegExp]> = [
  [`/containers/${target}/kill?signal=SIGFOO`, 400, "invalid signal: SIGFOO"],
  [`/containers/${target}/kill?signal=0`, 400, "invalid signal: 0"],
  [`/containers/${target}/kill?signal=999`, 400, "invalid signal: 999"],
  [`/containers/${target}/kill?signal=-9`, 400, "invalid signal: -9"],
  [`/containers/${target}/kill?signal=KILL%3bid`, 400, "invalid signal: KILL;id"],
  [`/containers/${target}/kill?signal=__proto__`, 400, "invalid signal: __proto__"],
  [`/containers/${target}/stop?signal=ZZZ`, 400, "invalid signal: ZZZ"],
  [`/containers/${target}/stop?t=abc`, 400, 'strconv.Atoi: parsing "abc": invalid syntax'],
  [`/containers/${target}/restart?t=1.5`, 400, 'strconv.Atoi: parsing "1.5": invalid syntax'],
  [`/containers/${target}/resize`, 400, 'invalid resize height "": invalid syntax'],
  [`/containers/${target}/resize?h=1&w=abc`, 400, 'invalid resize width "abc": invalid syntax'],
  [`/containers/${target}/resize?h=-1&w=1`, 400, 'invalid resize height "-1": invalid syntax'],
  [`/containers/${target}/resize?h=4294967296&w=1`, 400, 'invalid resize height "4294967296": invalid syntax'],
  [`/containers/${target}/wait?condition=zzz`, 400, 'invalid condition: "zzz"'],
  [`/containers/${target}/wait?condition=constructor`, 400, 'invalid condition: "constructor"'],
  [`/containers/${target}/rename?name=`, 400, "Neither old nor new names may be empty"],
  [`/containers/${target}/rename?name=..%2fx`, 400, /^Invalid container name \(\.\.\/x\)/],
  [`/containers/${target}/rename?name=a%0ab`, 400, /^Invalid container name \(a\nb\)/],
  [`/containers/${target}/attach?stream=1&stdout=1&detachKeys=zzz-`, 400, "Invalid detach keys (zzz-) provided"],
  [`/containers/prune?${filters({ zzz: ["a"] })}`, 400, "invalid filter 'zzz'"],
  [`/containers/prune?${filters({ until: ["zzz"] })}`, 400, 'invalid value for "until" filter: zzz'],
  ["/images/busybox/tag?repo=..%2fx", 400, "invalid reference format"],
  ["/images/busybox/tag?repo=x&tag=..", 400, "invalid reference format"],
  ["/images/busybox/tag?repo=Upper", 400, /must be lowercase$/],
  ["/images/create", 400, "invalid reference format"],
  ["/images/create?fromImage=..%2f..", 400, "invalid reference format"],
  ["/images/create?fromImage=busybox&tag=sha256:zz", 400, "invalid reference format"],
  ["/images/create?fromSrc=http://169.254.169.254/", 400, /^fetching from a URL is not supported/],
  ["/images/create?fromSrc=-&changes=ZZZ+1", 400, /^zzz is not a valid change command$/i],
  ["/images/create?fromSrc=-&changes=CMD+%5B1%5D", 400, "not a list of strings"]
]

test.each(titled(posts))("POST %s", async (_, path, status, message) => {
  expectRefusal(await siege.ask({ method: "POST", path }), status, message)
})

const create = '{"Image":"busybox"}'
const names = ["../x", "a/b", "a", "ab\0c", "-ab", ".ab", "a b", "a%zz", "é"]

test.each(names)("a container is not named %j", async (name) => {
  const path = `/containers/create?name=${encodeURIComponent(name)}`
  expectRefusal(await siege.ask({ path, body: create }), 400, /^Invalid container name \(/)
})

test("a name that is taken stays with who has it", async () => {
  expectRefusal(
    await siege.ask({ path: `/containers/create?name=${target}`, body: create }),
    409,
    /^Conflict\. The container name "\/hostile-target" is already in use by container "[0-9a-f]{64}"\. /
  )
})

test("detach keys of an exec are checked when it is made", async () => {
  const body = '{"Cmd":["true"],"DetachKeys":"zzz-"}'
  expectRefusal(
    await siege.ask({ path: `/containers/${target}/exec`, body }),
    400,
    "Invalid detach keys (zzz-) provided"
  )
})

test("after all of it the container still runs", async () => {
  expect(await siege.docker.ok("exec", target, "echo", "alive")).toBe("alive")
})
