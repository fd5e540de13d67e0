/** The content types of container output. */
export const rawStream = "application/vnd.docker.raw-stream"
const multiplexedStream = "application/vnd.docker.multiplexed-stream"

/** Framed output says so from 1.42, and only when the connection was upgraded; a terminal's is always raw. */
export const streamTypes = (tty: boolean, minor: number) => ({
  upgradedType: !tty && minor >= 42 ? multiplexedStream : rawStream,
  plainType: rawStream
})

/** The type of a log: none before 1.42. */
export const logHeaders = (tty: boolean, minor: number): Readonly<Record<string, string>> =>
  minor < 42 ? {} : { "Content-Type": tty ? rawStream : multiplexedStream }
