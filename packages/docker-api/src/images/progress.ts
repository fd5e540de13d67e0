import type { Progress } from "@sockerless/images"
import { live, type Reply } from "@sockerless/http-bridge"
import { Stream } from "effect"

/** Progress as Docker streams it: one JSON document per line, each ended by CRLF. */
export const progressReply = (progress: Stream.Stream<Progress>): Reply =>
  live(
    Stream.map(progress, (message) => `${JSON.stringify(message)}\r\n`),
    { "Content-Type": "application/json" }
  )
