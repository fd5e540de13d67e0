/** What a request is made of, when a test does not write it out itself. */
export interface RequestParts {
  readonly method?: string
  readonly path: string
  readonly body?: string | Buffer
  /** Without it, a body is said to be JSON. */
  readonly type?: string
  readonly headers?: ReadonlyArray<string>
}

/** The bytes of one request on a connection of its own. */
export const requestBytes = (parts: RequestParts): Buffer => {
  const body = Buffer.from(parts.body ?? "")
  const head = [
    `${parts.method ?? (parts.body === undefined ? "GET" : "POST")} ${parts.path} HTTP/1.1`,
    "Host: docker",
    "Connection: close",
    ...(parts.body === undefined
      ? []
      : [`Content-Type: ${parts.type ?? "application/json"}`, `Content-Length: ${body.length}`]),
    ...(parts.headers ?? [])
  ]
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), body])
}
