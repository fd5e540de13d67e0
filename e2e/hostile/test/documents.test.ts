import { expect, test } from "vitest"
import { expectRefusal, requestBytes, underSiege } from "@sockerless/e2e-hostile"

const siege = underSiege()

const wrongType = (given: string, field: string, wanted: string) =>
  `json: cannot unmarshal ${given} into Go struct field ${field} of type ${wanted}`

const documents: ReadonlyArray<readonly [string, string, string | RegExp]> = [
  ["nothing", "", "invalid JSON: got EOF while reading request body"],
  ["blanks", "  \n ", "invalid JSON: got EOF while reading request body"],
  ["an open brace", "{", /^invalid JSON: /],
  ["a lone word", "hello", /^invalid JSON: /],
  ["single quotes", "{'Image':'busybox'}", /^invalid JSON: /],
  ["a trailing comma", '{"Image":"busybox",}', /^invalid JSON: /],
  ["a byte order mark", "\uFEFF{}", /^invalid JSON: /],
  ["half a surrogate escape", '{"Image":"\\ud8"}', /^invalid JSON: /],
  ["a second document", '{"Image":"busybox"}{"HostConfig":{"Privileged":true}}', "unexpected content after JSON"],
  ["a nested bomb of lists", "[".repeat(1_000_000), "invalid JSON: exceeded max depth"],
  ["a nested bomb of objects", '{"a":'.repeat(200_000), "invalid JSON: exceeded max depth"],
  [
    "a nested bomb that closes",
    `{"Image":"busybox","Labels":${"[".repeat(5000)}${"]".repeat(5000)}}`,
    "invalid JSON: exceeded max depth"
  ],
  ["null", "null", "no image specified"],
  ["a list", "[]", wrongType("array", "CreateRequest", "CreateRequest")],
  ["a string", '"x"', wrongType("string", "CreateRequest", "CreateRequest")],
  ["a number", "3", wrongType("number", "CreateRequest", "CreateRequest")],
  ["no image", "{}", "no image specified"],
  ["a number as image", '{"Image":3}', wrongType("number", "CreateRequest.Image", "string")],
  ["an object as command", '{"Image":"busybox","Cmd":{}}', wrongType("object", "CreateRequest.Cmd", "[]interface")],
  ["a string as environment", '{"Image":"busybox","Env":"a"}', wrongType("string", "CreateRequest.Env", "[]interface")],
  ["a list as labels", '{"Image":"busybox","Labels":[]}', wrongType("array", "CreateRequest.Labels", "map")],
  [
    "a string as host config",
    '{"Image":"busybox","HostConfig":"x"}',
    wrongType("string", "CreateRequest.HostConfig", "HostConfig")
  ],
  [
    "a string as truth",
    '{"Image":"busybox","HostConfig":{"Privileged":"yes"}}',
    wrongType("string", "CreateRequest.HostConfig.Privileged", "bool")
  ],
  [
    "half a byte of memory",
    '{"Image":"busybox","HostConfig":{"Memory":1.5}}',
    wrongType("number 1.5", "CreateRequest.HostConfig.Memory", "int64")
  ],
  [
    "more memory than a number holds",
    '{"Image":"busybox","HostConfig":{"Memory":99999999999999999999}}',
    wrongType("number 100000000000000000000", "CreateRequest.HostConfig.Memory", "int64")
  ],
  [
    "infinite memory",
    '{"Image":"busybox","HostConfig":{"Memory":1e400}}',
    wrongType("number Infinity", "CreateRequest.HostConfig.Memory", "int64")
  ],
  ["negative memory", '{"Image":"busybox","HostConfig":{"Memory":-5}}', "Minimum memory limit allowed is 6MB"],
  [
    "keys in another case, the last one wrong",
    '{"image":"busybox","hostconfig":{"memory":7000000,"MEMORY":1}}',
    "Minimum memory limit allowed is 6MB"
  ],
  [
    "a NUL in the command",
    '{"Image":"busybox","Cmd":["a\\u0000b"]}',
    "invalid argument: a NUL byte in CreateRequest.Cmd"
  ],
  [
    "a NUL in a variable",
    '{"Image":"busybox","Env":["a=\\u0000"]}',
    "invalid argument: a NUL byte in CreateRequest.Env"
  ],
  [
    "a NUL in a bind",
    '{"Image":"busybox","HostConfig":{"Binds":["/x\\u0000:/y"]}}',
    "invalid argument: a NUL byte in CreateRequest.HostConfig.Binds"
  ],
  [
    "a NUL in a key",
    '{"Image":"busybox","HostConfig":{"Tmpfs":{"/x\\u0000":""}}}',
    "invalid argument: a NUL byte in CreateRequest.HostConfig.Tmpfs"
  ],
  ["a variable without a name", '{"Image":"busybox","Env":["=x"]}', "invalid environment variable: =x"],
  [
    "a runtime that is a path",
    '{"Image":"busybox","HostConfig":{"Runtime":"../../bin/sh"}}',
    "unknown or invalid runtime name: ../../bin/sh"
  ],
  [
    "an unknown capability",
    '{"Image":"busybox","HostConfig":{"CapAdd":["ZZZ"]}}',
    /^invalid CapAdd: unknown capability/
  ],
  [
    "an unknown restart policy",
    '{"Image":"busybox","HostConfig":{"RestartPolicy":{"Name":"zzz"}}}',
    /^invalid restart policy/
  ],
  [
    "a negative number of retries",
    '{"Image":"busybox","HostConfig":{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":-3}}}',
    "invalid restart policy: maximum retry count cannot be negative"
  ],
  [
    "removal and restart at once",
    '{"Image":"busybox","HostConfig":{"AutoRemove":true,"RestartPolicy":{"Name":"always"}}}',
    "can't create 'AutoRemove' container with restart policy"
  ],
  [
    "processors that are none",
    '{"Image":"busybox","HostConfig":{"CpusetCpus":"zz"}}',
    "Invalid value zz for cpuset cpus"
  ],
  ["an unknown stop signal", '{"Image":"busybox","StopSignal":"SIGFOO"}', "invalid signal: SIGFOO"],
  [
    "a host entry without address",
    '{"Image":"busybox","HostConfig":{"ExtraHosts":["zzz"]}}',
    'bad format for add-host: "zzz"'
  ],
  [
    "a relative working directory",
    '{"Image":"busybox","WorkingDir":"../x"}',
    /^the working directory '\.\.\/x' is invalid/
  ],
  ["a port beyond all ports", '{"Image":"busybox","ExposedPorts":{"99999/tcp":{}}}', /^invalid port specification/],
  ["a port of no protocol", '{"Image":"busybox","ExposedPorts":{"80/foo":{}}}', 'invalid port specification: "80/foo"'],
  [
    "a host port that is a word",
    '{"Image":"busybox","HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"abc"}]}}}',
    'invalid port specification: "abc"'
  ],
  [
    "a volume name that climbs",
    '{"Image":"busybox","HostConfig":{"Binds":["../x:/y"]}}',
    /includes invalid characters for a local volume name/
  ],
  ["a relative destination", '{"Image":"busybox","HostConfig":{"Binds":["/x:y"]}}', /mount path must be absolute$/],
  ["a bind over the root", '{"Image":"busybox","HostConfig":{"Binds":["/x:/"]}}', /destination can't be '\/'$/],
  ["an unknown bind mode", '{"Image":"busybox","HostConfig":{"Binds":["/x:/y:zz"]}}', "invalid mode: zz"],
  [
    "a mount of no type",
    '{"Image":"busybox","HostConfig":{"Mounts":[{"Type":"zzz","Target":"/x"}]}}',
    /^invalid mount config: mount type "zzz"/
  ],
  ["an image that climbs", '{"Image":"../../etc"}', "invalid reference format"],
  ["an image with a blank", '{"Image":"busy box"}', "invalid reference format"],
  ["an image in capitals", '{"Image":"BusyBox"}', /must be lowercase$/],
  [
    "an unknown log driver",
    '{"Image":"busybox","HostConfig":{"LogConfig":{"Type":"zzz"}}}',
    /^logger: no log driver named 'zzz'/
  ],
  [
    "a health check quicker than time",
    '{"Image":"busybox","Healthcheck":{"Test":["CMD","x"],"Interval":5}}',
    "Interval in Healthcheck cannot be less than 1ms"
  ]
]

test.each(documents)("create refuses %s", async (_, body, message) => {
  expectRefusal(await siege.ask({ path: "/containers/create", body }), 400, message)
})

const others: ReadonlyArray<readonly [string, string, number, string | RegExp]> = [
  ["/containers/none/update", '{"Memory":"x"}', 400, wrongType("string", "UpdateConfig.Memory", "int64")],
  ["/containers/none/exec", '{"Cmd":3}', 400, wrongType("number", "ExecConfig.Cmd", "[]interface")],
  ["/containers/none/exec", "{}", 400, "No exec command specified"],
  ["/containers/none/exec", '{"Cmd":["a\\u0000"]}', 400, "invalid argument: a NUL byte in ExecConfig.Cmd"],
  ["/containers/none/exec", '{"Cmd":["a"]}', 404, "No such container: none"],
  ["/exec/none/start", "{", 400, /^invalid JSON: /],
  ["/exec/none/start", "{}", 404, "No such exec instance: none"],
  ["/volumes/create", '{"Name":"../x"}', 400, /^create \.\.\/x: "\.\.\/x" includes invalid characters/],
  ["/volumes/create", '{"Name":3}', 400, wrongType("number", "VolumeCreateRequest.Name", "string")],
  ["/networks/create", "{}", 400, "network name cannot be empty"],
  ["/networks/create", '{"Name":"x","IPAM":{"Config":[{"Subnet":"zzz"}]}}', 400, /^invalid subnet zzz/],
  [
    "/networks/create",
    '{"Name":"x","IPAM":{"Config":[{"Subnet":"10.0.0.0/99"}]}}',
    400,
    /^invalid subnet 10\.0\.0\.0\/99/
  ],
  ["/networks/create", '{"Name":"x","Driver":"zzz"}', 400, /does not support network driver "zzz"/],
  ["/networks/bridge/connect", '{"Container":[]}', 400, /^json: cannot unmarshal array/],
  ["/auth", '{"username":3}', 400, wrongType("number", "AuthConfig.username", "string")]
]

test.each(others)("POST %s refuses %s", async (path, body, status, message) => {
  expectRefusal(await siege.ask({ path, body }), status, message)
})

test("a document needs a type, and the right one", async () => {
  const path = "/containers/create"
  const bare = "POST /containers/create HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
  expectRefusal(await siege.send(bare), 400, "malformed Content-Type header (): mime: no media type")
  expectRefusal(
    await siege.ask({ path, body: "{}", type: "text/plain" }),
    400,
    "unsupported Content-Type header (text/plain): must be 'application/json'"
  )
})

const tooLarge = "request body is larger than the limit of 8388608 bytes"
const head = "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"

test("a document beyond eight MiB is a 413 by its announced length, before it is sent", async () => {
  expectRefusal(await siege.send(`${head}Content-Length: 268435456\r\n\r\n{`), 413, tooLarge)
})

test("a document beyond eight MiB is a 413 when its length was not announced", async () => {
  const before = siege.memoryBytes()
  const piece = `${(1024 * 1024).toString(16)}\r\n${" ".repeat(1024 * 1024)}\r\n`
  expectRefusal(
    await siege.send(`${head}Transfer-Encoding: chunked\r\n\r\n${piece.repeat(40)}0\r\n\r\n`),
    413,
    tooLarge
  )
  expect(siege.memoryBytes() - before).toBeLessThan(64 * 1024 * 1024)
})

test("a document of just under eight MiB is read", async () => {
  const body = JSON.stringify({ Image: "absent", Labels: { large: "x".repeat(8 * 1024 * 1024 - 100) } })
  expectRefusal(await siege.ask({ path: "/containers/create", body }), 404, "No such image: absent:latest")
})

test("an exec start beyond eight MiB is a 413 although its connection is taken", async () => {
  const start = "POST /exec/none/start HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
  expectRefusal(await siege.send(`${start}Content-Length: 268435456\r\n\r\n{`), 413, tooLarge)
  const upgrade = `${start}Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 268435456\r\n\r\n{`
  expectRefusal(await siege.send(upgrade), 413, tooLarge)
})

test("of keys told twice the last one counts, whatever their case", async () => {
  const body = '{"Image":"absent","Hostname":"one","HOSTNAME":"two","hostname":"three","image":"busybox"}'
  const { status, text } = await siege.ask({ path: "/containers/create?name=hostile-keys", body })
  expect(status, text).toBe(201)
  expect(await siege.docker.ok("inspect", "-f", "{{.Config.Hostname}} {{.Config.Image}}", "hostile-keys")).toBe(
    "three busybox"
  )
})

test("labels named after JavaScript's own are labels", async () => {
  const body = '{"Image":"busybox","Labels":{"__proto__":"a","constructor":"b","toString":"c"}}'
  expect((await siege.send(requestBytes({ path: "/containers/create?name=hostile-labels", body }))).status).toBe(201)
  const labels = await siege.docker.ok("inspect", "-f", "{{json .Config.Labels}}", "hostile-labels")
  expect(labels).toBe('{"__proto__":"a","constructor":"b","toString":"c"}')
})
