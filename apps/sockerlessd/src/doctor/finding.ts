/** One examined thing. `needed` marks what containers cannot run without; `mend` is a command to type. */
export interface Finding {
  readonly topic: string
  readonly state: "ok" | "warn" | "missing"
  readonly text: string
  readonly mend?: string
}

export const ok = (topic: string, text: string): Finding => ({ topic, state: "ok", text })
export const warn = (topic: string, text: string, mend?: string): Finding => ({
  topic,
  state: "warn",
  text,
  ...(mend === undefined ? {} : { mend })
})
export const missing = (topic: string, text: string, mend?: string): Finding => ({
  topic,
  state: "missing",
  text,
  ...(mend === undefined ? {} : { mend })
})
