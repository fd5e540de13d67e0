import koffi from "koffi"
import { readdirSync } from "node:fs"
import { libcCall, SystemCallFailed } from "./call.ts"

const dup2Call = libcCall<[from: number, to: number]>("dup2", "int dup2(int from, int to)")
const fcntlCall = libcCall<[fd: number, command: number, argument: number]>(
  "fcntl",
  "int fcntl(int fd, int command, int argument)"
)
const F_SETFD = 2
const FD_CLOEXEC = 1
const execveCall = libcCall<[path: string, argv: unknown, envp: unknown]>(
  "execve",
  "int execve(const char *path, const char **argv, const char **envp)"
)

/** Makes `to` a copy of `from`; the copy is inherited across exec. */
export const dup2 = (from: number, to: number): void => {
  dup2Call(from, to)
}

/** Lets `fd` be inherited across exec. Node marks every descriptor it starts with, 0 to 2 included, close-on-exec. */
export const inheritable = (fd: number): void => {
  fcntlCall(fd, F_SETFD, 0)
}

/** Keeps every descriptor but 0, 1 and 2 from the programs that this process starts from now on. */
export const keepDescriptors = (): void => {
  for (const name of readdirSync("/proc/self/fd")) {
    const fd = Number(name)
    if (fd <= 2) continue
    try {
      fcntlCall(fd, F_SETFD, FD_CLOEXEC)
    } catch (error) {
      // The folder's own descriptor is listed too, and closed by now.
      if (!(error instanceof SystemCallFailed) || error.code !== "EBADF") throw error
    }
  }
}

/** Replaces this process image, keeping pid, standard streams and inheritable descriptors. Returns only by throwing. */
export const execve = (
  path: string,
  argv: ReadonlyArray<string>,
  environment: Readonly<Record<string, string | undefined>>
): never => {
  const envp = Object.entries(environment).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]))
  for (const fd of [0, 1, 2]) inheritable(fd)
  execveCall(path, koffi.as([...argv, null], "const char **"), koffi.as([...envp, null], "const char **"))
  throw new Error(`execve ${path} returned`)
}
