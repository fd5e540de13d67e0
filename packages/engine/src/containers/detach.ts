import type { AttachSession } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { Effect } from "effect"
import { Transform } from "node:stream"
import { invalid } from "../faults.ts"
import { defaultDetachKeys, parseDetachKeys } from "./detach-keys.ts"

/** Passes input through until the keys were typed one after the other; those already held back are then dropped. */
const watchKeys = (keys: ReadonlyArray<number>, onDetach: () => void): Transform => {
  let matched = 0
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const kept: Array<number> = []
      for (const byte of chunk) {
        if (byte === keys[matched]) {
          matched += 1
          if (matched < keys.length) continue
          onDetach()
          done()
          return
        }
        // A false start: what was held back is ordinary input after all.
        if (matched > 0) kept.push(...keys.slice(0, matched))
        matched = byte === keys[0] && keys.length > 1 ? 1 : 0
        if (matched === 0) kept.push(byte)
      }
      done(null, Buffer.from(kept))
    }
  })
}

/**
 * Lets a terminal client leave with its detach keys: the output ends, the process goes on. Only with a terminal, as in
 * Docker; a pipe may hold any bytes.
 */
export const withDetachKeys = Effect.fnUntraced(function* (
  session: AttachSession,
  options: { readonly tty: boolean; readonly detachKeys: string | undefined; readonly onDetach: () => void }
): Effect.fn.Return<AttachSession, Fault> {
  const keys = options.detachKeys === undefined ? defaultDetachKeys : parseDetachKeys(options.detachKeys)
  if (keys === undefined) {
    return yield* Effect.fail(invalid(`Invalid detach keys (${options.detachKeys ?? ""}) provided`))
  }
  const { input } = session
  if (!options.tty || input === undefined || keys.length === 0) return session
  const watched = watchKeys(keys, () => {
    options.onDetach()
    session.output.push(null)
  })
  watched.pipe(input)
  input.once("close", () => watched.destroy())
  return { output: session.output, input: watched }
})
