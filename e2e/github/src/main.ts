import { startServer } from "bleephub"

/** A server in a process of its own, so that it can be killed: `node main.ts STATE`; prints its address when it answers. */
const [state] = process.argv.slice(2)
if (state === undefined) throw new Error("usage: main.ts STATE")
const started = await startServer({
  state,
  http: { host: "127.0.0.1", port: 0 },
  https: { host: "127.0.0.1", port: 0 }
})
process.stdout.write(`${JSON.stringify({ port: started.httpPort, token: started.adminToken })}\n`)
