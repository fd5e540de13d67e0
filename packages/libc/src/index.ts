export { SystemCallFailed } from "./call.ts"
export { chroot, lgetxattr, llistxattr, lsetxattr, makedev, mknod, tryLock } from "./files.ts"
export { dup2, execve, inheritable, keepDescriptors } from "./processes.ts"
export { connectSeqpacketForWriting, listenTcpHeld, listenUnixHeld } from "./sockets.ts"
