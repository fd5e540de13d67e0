import { type AgentChannel, Inlet, type Json, Outlet } from "@sockerless/agent-link/protocol"
import { stat } from "./archive.ts"
import { textOf, valueOf } from "./params.ts"
import { pause, resume } from "./pause.ts"
import { done, failed, Refused } from "./reply.ts"
import { stats } from "./stats.ts"
import { top } from "./top.ts"

/** What can be asked with one answer. */
const methods: Readonly<Record<string, (params: Json) => Json>> = { stat, top, stats, pause, resume }

const answer = (params: Json): Json => {
  const name = textOf(params, "method")
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  if (method === undefined) throw new Refused("not-implemented", `this agent knows no ${name}`)
  return method(valueOf(params, "params"))
}

/** A channel that is its own answer. */
export const callChannel = (params: Json): AgentChannel => {
  const outlet = new Outlet()
  outlet.finish()
  const inlet: Inlet = new Inlet({ bytes: () => inlet.consumed(inlet.next), end: () => inlet.endKept() })
  let result: Json
  try {
    result = done(answer(params))
  } catch (error) {
    result = failed(error)
  }
  return { outlet, inlet, result }
}
