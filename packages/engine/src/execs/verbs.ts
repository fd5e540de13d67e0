import type { Fault } from "@sockerless/faults"
import { Deferred, Effect, Option } from "effect"
import type { EngineContext } from "../context.ts"
import { conflict } from "../faults.ts"
import { openExecBook } from "./book.ts"
import { createExec } from "./create.ts"
import type { Execs } from "./execs.ts"
import { startExec } from "./start.ts"

const RESIZE_WAIT_MILLIS = 10_000

/** The execs of one daemon. An exec is never replayed: one that ran when the daemon died is told as ended. */
export const makeExecs = Effect.fn("engine.execs")(function* (
  context: EngineContext
): Effect.fn.Return<Execs["Service"], Fault> {
  const book = yield* openExecBook(context)
  return {
    create: createExec(context, book),
    start: startExec(context, book),
    resize: (id, size) =>
      Effect.gen(function* () {
        const entry = yield* book.find(id)
        const session = yield* Deferred.await(entry.session).pipe(Effect.timeoutOption(RESIZE_WAIT_MILLIS))
        if (Option.isNone(session)) {
          return yield* Effect.fail(conflict("timeout waiting for exec session ready"))
        }
        yield* session.value.resize(size)
      }),
    inspect: (id) => Effect.map(book.find(id), (entry) => entry.snapshot)
  }
})
