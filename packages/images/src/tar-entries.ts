import { type TarEntry, type TarEvent, TarScanner } from "./tar-scanner.ts"

export interface StreamedEntry {
  readonly entry: TarEntry
  /** To be read before the next entry is asked for; what is left of it is skipped. */
  readonly content: AsyncIterable<Buffer>
}

/** The entries of a tar as they come. Fails for what is no tar or ends too early; ending early ends the input. */
export async function* tarEntries(input: AsyncIterable<Buffer>): AsyncGenerator<StreamedEntry> {
  const scanner = new TarScanner()
  const source = input[Symbol.asyncIterator]()
  let events: ReadonlyArray<TarEvent> = []
  let at = 0
  const next = async (): Promise<TarEvent | undefined> => {
    while (at >= events.length) {
      const piece = await source.next()
      if (piece.done === true) {
        scanner.finish()
        return undefined
      }
      events = scanner.push(piece.value)
      at = 0
    }
    return events[at++]
  }
  async function* content(): AsyncGenerator<Buffer> {
    for (let event = await next(); event !== undefined; event = await next()) {
      if (event.kind === "content") yield event.bytes
      if (event.kind === "entry") {
        // It belongs to the next round.
        at -= 1
        return
      }
    }
  }
  try {
    for (let event = await next(); event !== undefined; event = await next()) {
      if (event.kind === "entry") yield { entry: event.entry, content: content() }
    }
  } finally {
    await source.return?.()
  }
}
