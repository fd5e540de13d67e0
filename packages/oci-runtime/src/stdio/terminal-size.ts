import { closeSync, constants, openSync, writeSync } from "node:fs"

/** Sets the size of a terminal that a monitor holds, through the monitor's control FIFO (`1 rows columns`). */
export const setTerminalSize = (control: string, size: { readonly rows: number; readonly columns: number }): void => {
  // Non-blocking: without the monitor there is no reader, and open fails instead of waiting.
  const fd = openSync(control, constants.O_WRONLY | constants.O_NONBLOCK)
  try {
    writeSync(fd, `1 ${size.rows} ${size.columns}\n`)
  } finally {
    closeSync(fd)
  }
}
