/** One request as the simulator saw it. `applied` says whether it changed anything, `answered` whether the caller heard. */
export interface JournalEntry {
  readonly index: number
  readonly at: number
  readonly service: string
  readonly operation: string
  readonly resource: string
  readonly client: string
  readonly input: unknown
  output: unknown
  /** The error code of the answer. */
  error: string | undefined
  applied: boolean
  answered: boolean
  /** The kinds of the faults that were played on it. */
  readonly faults: Array<string>
}

const ENTRIES_AT_MOST = 50_000

/** Every request in order of arrival, readable by tests; the oldest are forgotten first. */
export class Journal {
  readonly #entries: Array<JournalEntry> = []
  #next = 1

  /** Writes a request down before anything is done with it. */
  open(request: Pick<JournalEntry, "at" | "service" | "operation" | "resource" | "client" | "input">): JournalEntry {
    const entry: JournalEntry = {
      index: this.#next++,
      ...request,
      output: undefined,
      error: undefined,
      applied: false,
      answered: false,
      faults: []
    }
    this.#entries.push(entry)
    if (this.#entries.length > ENTRIES_AT_MOST) this.#entries.splice(0, ENTRIES_AT_MOST / 10)
    return entry
  }

  /** Entries after an index, oldest first. */
  since(index: number): ReadonlyArray<JournalEntry> {
    return this.#entries.filter((entry) => entry.index > index)
  }
}
