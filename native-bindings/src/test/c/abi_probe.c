/*
 * Prints what this machine's headers say about every number of the packages linux, xdp and bpf, one a line as
 * "Class.NAME number"; AbiProbeTest compares. A number without a line here fails that test. Numbers that the headers of an older
 * distribution lack are printed as "absent", those that no header defines as "ours".
 */
#define _GNU_SOURCE
#include <asm/termbits.h> /* the kernel's struct termios, not the C library's */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IS(class, name, value) printf("%s.%s %lld\n", #class, #name, (long long) (value))
#define SAME(class, name) printf("%s.%s %lld\n", #class, #name, (long long) (name))
#define FIELD(class, name, type, field) printf("%s.%s %lld\n", #class, #name, (long long) offsetof(type, field))
#define ABSENT(class, name) printf("%s.%s absent\n", #class, #name)
#define OURS(class, name) printf("%s.%s ours\n", #class, #name)

static void linux_package(void) {
    SAME(Errno, EPERM);
    SAME(Errno, ENOENT);
    SAME(Errno, ESRCH);
    SAME(Errno, EINTR);
    SAME(Errno, EIO);
    SAME(Errno, ENXIO);
    SAME(Errno, E2BIG);
    SAME(Errno, EBADF);
    SAME(Errno, EAGAIN);
    SAME(Errno, ENOMEM);
    SAME(Errno, EACCES);
    SAME(Errno, EFAULT);
    SAME(Errno, EBUSY);
    SAME(Errno, EEXIST);
    SAME(Errno, EXDEV);
    SAME(Errno, ENODEV);
    SAME(Errno, ENOTDIR);
    SAME(Errno, EISDIR);
    SAME(Errno, EINVAL);
    SAME(Errno, ENFILE);
    SAME(Errno, EMFILE);
    SAME(Errno, ENOTTY);
    SAME(Errno, EFBIG);
    SAME(Errno, ENOSPC);
    SAME(Errno, EROFS);
    SAME(Errno, EPIPE);
    SAME(Errno, ERANGE);
    SAME(Errno, EDEADLK);
    SAME(Errno, ENAMETOOLONG);
    SAME(Errno, ENOSYS);
    SAME(Errno, ELOOP);
    SAME(Errno, ENODATA);
    SAME(Errno, EPROTO);
    SAME(Errno, EBADMSG);
    SAME(Errno, EOVERFLOW);
    SAME(Errno, EBADFD);
    SAME(Errno, ENOTSOCK);
    SAME(Errno, EMSGSIZE);
    SAME(Errno, ENOPROTOOPT);
    SAME(Errno, EPROTONOSUPPORT);
    SAME(Errno, EOPNOTSUPP);
    SAME(Errno, EAFNOSUPPORT);
    SAME(Errno, EADDRINUSE);
    SAME(Errno, EADDRNOTAVAIL);
    SAME(Errno, ENETDOWN);
    SAME(Errno, ENETUNREACH);
    SAME(Errno, ECONNRESET);
    SAME(Errno, ENOBUFS);
    SAME(Errno, ENOTCONN);
    SAME(Errno, ETIMEDOUT);
    SAME(Errno, ECONNREFUSED);
    SAME(Errno, EHOSTUNREACH);
    SAME(Errno, EALREADY);
    SAME(Errno, EINPROGRESS);

    SAME(Descriptors, O_RDONLY);
    SAME(Descriptors, O_WRONLY);
    SAME(Descriptors, O_RDWR);
    SAME(Descriptors, O_CREAT);
    SAME(Descriptors, O_EXCL);
    SAME(Descriptors, O_TRUNC);
    SAME(Descriptors, O_NONBLOCK);
    SAME(Descriptors, O_CLOEXEC);
    SAME(Descriptors, SEEK_END);

    SAME(LinuxSocket, AF_UNIX);
    SAME(LinuxSocket, AF_INET);
    SAME(LinuxSocket, AF_INET6);
    SAME(LinuxSocket, AF_NETLINK);
    SAME(LinuxSocket, AF_PACKET);
    SAME(LinuxSocket, AF_XDP);
    SAME(LinuxSocket, SOL_SOCKET);
    SAME(LinuxSocket, SOL_XDP);
    SAME(LinuxSocket, SOCK_STREAM);
    SAME(LinuxSocket, SOCK_DGRAM);
    SAME(LinuxSocket, SOCK_RAW);
    SAME(LinuxSocket, SOCK_NONBLOCK);
    SAME(LinuxSocket, SOCK_CLOEXEC);
    SAME(LinuxSocket, SO_ERROR);
    SAME(LinuxSocket, SO_SNDBUF);
    SAME(LinuxSocket, SO_RCVBUF);
    SAME(LinuxSocket, SO_RCVTIMEO);
    SAME(LinuxSocket, SO_RCVBUFFORCE);
    SAME(LinuxSocket, SO_BUSY_POLL);
    SAME(LinuxSocket, SO_PREFER_BUSY_POLL);
    SAME(LinuxSocket, SO_BUSY_POLL_BUDGET);
    SAME(LinuxSocket, MSG_PEEK);
    SAME(LinuxSocket, MSG_TRUNC);
    SAME(LinuxSocket, MSG_DONTWAIT);

    SAME(MappedMemory, PROT_READ);
    SAME(MappedMemory, PROT_WRITE);
    SAME(MappedMemory, MAP_SHARED);
    SAME(MappedMemory, MAP_PRIVATE);
    SAME(MappedMemory, MAP_ANONYMOUS);
    SAME(MappedMemory, MAP_POPULATE);
    SAME(MappedMemory, MAP_HUGETLB);
    SAME(MappedMemory, MAP_NORESERVE);
    SAME(MappedMemory, MADV_HUGEPAGE);
    SAME(MappedMemory, MS_SYNC);
    OURS(MappedMemory, HUGE_PAGE_BYTES);
    OURS(MappedMemory, SMALL_PAGE_BYTES);
    OURS(MappedMemory, FILE_MODE);

    SAME(Poll, POLLIN);
    SAME(Poll, POLLOUT);
    SAME(Poll, POLLERR);
    SAME(Poll, POLLHUP);
    SAME(Poll, POLLNVAL);
    OURS(Poll, FOREVER);
    IS(Poll, POLLFD_SIZE, sizeof(struct pollfd));
    FIELD(Poll, POLLFD_EVENTS, struct pollfd, events);
    FIELD(Poll, POLLFD_REVENTS, struct pollfd, revents);

    SAME(EventFd, EFD_NONBLOCK);
    SAME(EventFd, EFD_CLOEXEC);
    OURS(EventFd, ONE);
    SAME(FileLock, LOCK_EX);
    SAME(FileLock, LOCK_NB);
    OURS(FileLock, FILE_MODE);
    OURS(Sysctl, MAX_BYTES);
    SAME(InterfaceNames, IF_NAMESIZE);

    SAME(Capability, CAP_KILL);
    SAME(Capability, CAP_NET_ADMIN);
    SAME(Capability, CAP_NET_RAW);
    SAME(Capability, CAP_IPC_LOCK);
    SAME(Capability, CAP_SYS_ADMIN);
    SAME(Capability, CAP_SYS_NICE);
    SAME(Capability, CAP_SYS_RESOURCE);
    SAME(Capability, CAP_PERFMON);
    SAME(Capability, CAP_BPF);
    IS(Capabilities, LINUX_CAPABILITY_VERSION_3, _LINUX_CAPABILITY_VERSION_3);
    IS(Capabilities, HEADER_SIZE, sizeof(struct __user_cap_header_struct));
    IS(Capabilities, DATA_SIZE, _LINUX_CAPABILITY_U32S_3 * sizeof(struct __user_cap_data_struct));
    IS(Capabilities, HALF_SIZE, sizeof(struct __user_cap_data_struct));
    FIELD(Capabilities, PERMITTED, struct __user_cap_data_struct, permitted);

    IS(ThreadScheduling, SCHED_ATTR_SIZE_VER0, 48); /* <linux/sched/types.h> clashes with <sched.h> */
    OURS(ThreadScheduling, SIZE);
    OURS(ThreadScheduling, POLICY);
    OURS(ThreadScheduling, NICE);
    OURS(ThreadScheduling, RUNTIME);
    SAME(ThreadScheduling, SCHED_OTHER);
    OURS(ThreadScheduling, SELF);
    OURS(ThreadScheduling, NO_FLAGS);
    IS(ThreadScheduling, NR_SCHED_SETATTR, SYS_sched_setattr);
    IS(ThreadScheduling, NR_SCHED_GETATTR, SYS_sched_getattr);
    SAME(Prctl, PR_SET_PDEATHSIG);
    SAME(Prctl, PR_SET_NAME);
    SAME(Terminal, TCGETS);
    SAME(Terminal, TCSETS);
    SAME(Terminal, TIOCGWINSZ);
    SAME(Terminal, ICANON);
    SAME(Terminal, ECHO);
    FIELD(Terminal, LFLAG, struct termios, c_lflag);
    IS(Terminal, TERMIOS_LENGTH, sizeof(struct termios));
    FIELD(Terminal, ROWS, struct winsize, ws_row);
    FIELD(Terminal, COLUMNS, struct winsize, ws_col);
    IS(Terminal, WINSIZE_LENGTH, sizeof(struct winsize));
    OURS(Prctl, NAME_BYTES); /* TASK_COMM_LEN less one, not exported */
    SAME(ThreadInterrupt, SIGURG);
    SAME(ThreadInterrupt, SA_RESTART);
    FIELD(ThreadInterrupt, SIGACTION_HANDLER, struct sigaction, sa_handler);
    FIELD(ThreadInterrupt, SIGACTION_FLAGS, struct sigaction, sa_flags);
    IS(ThreadInterrupt, SIGACTION_SIZE, sizeof(struct sigaction));
    SAME(ProcessSignals, SIGHUP);
    SAME(ProcessSignals, SIGKILL);
    SAME(ProcessSignals, SIGTERM);
    SAME(ProcessSignals, SIGCONT);
    SAME(ProcessSignals, SIGSTOP);
    SAME(Rlimits, RLIMIT_NOFILE);
    SAME(Rlimits, RLIMIT_MEMLOCK);
    SAME(Rlimits, RLIM_INFINITY);
    FIELD(Rlimits, SOFT, struct rlimit, rlim_cur);
    FIELD(Rlimits, HARD, struct rlimit, rlim_max);
    IS(Rlimits, SIZE, sizeof(struct rlimit));
    IS(ThreadAffinity, CPU_SET_BYTES, sizeof(cpu_set_t));
}

static void xdp_package(void) {
    SAME(XdpAbi, XDP_MMAP_OFFSETS);
    SAME(XdpAbi, XDP_RX_RING);
    SAME(XdpAbi, XDP_TX_RING);
    SAME(XdpAbi, XDP_UMEM_REG);
    SAME(XdpAbi, XDP_UMEM_FILL_RING);
    SAME(XdpAbi, XDP_UMEM_COMPLETION_RING);
    SAME(XdpAbi, XDP_STATISTICS);
    SAME(XdpAbi, XDP_OPTIONS);
    SAME(XdpAbi, XDP_OPTIONS_ZEROCOPY);
    SAME(XdpAbi, XDP_PGOFF_RX_RING);
    SAME(XdpAbi, XDP_PGOFF_TX_RING);
    SAME(XdpAbi, XDP_UMEM_PGOFF_FILL_RING);
    SAME(XdpAbi, XDP_UMEM_PGOFF_COMPLETION_RING);
    SAME(XdpAbi, XDP_UMEM_UNALIGNED_CHUNK_FLAG);
    SAME(XdpAbi, XDP_RING_NEED_WAKEUP);
    SAME(XdpAbi, XSK_UNALIGNED_BUF_OFFSET_SHIFT);
#ifdef XDP_MAX_TX_SKB_BUDGET
    SAME(XdpAbi, XDP_MAX_TX_SKB_BUDGET);
#else
    ABSENT(XdpAbi, XDP_MAX_TX_SKB_BUDGET);
#endif

    /* Since 6.8 the structure is longer by tx_metadata_len; the kernel takes both lengths. */
#ifdef XDP_UMEM_TX_METADATA_LEN
    SAME(XdpAbi, XDP_UMEM_TX_METADATA_LEN);
    IS(XdpAbi, UMEM_REG_SIZE, sizeof(struct xdp_umem_reg));
    FIELD(XdpAbi, UMEM_REG_TX_METADATA_LEN, struct xdp_umem_reg, tx_metadata_len);
    SAME(XdpDescriptor, XDP_TX_METADATA);
    SAME(TxMetadata, XDP_TXMD_FLAGS_CHECKSUM);
    IS(TxMetadata, LENGTH, sizeof(struct xsk_tx_metadata));
    FIELD(TxMetadata, FLAGS, struct xsk_tx_metadata, flags);
    FIELD(TxMetadata, CSUM_START, struct xsk_tx_metadata, request.csum_start);
    FIELD(TxMetadata, CSUM_OFFSET, struct xsk_tx_metadata, request.csum_offset);
#else
    ABSENT(XdpAbi, XDP_UMEM_TX_METADATA_LEN);
    ABSENT(XdpAbi, UMEM_REG_SIZE);
    ABSENT(XdpAbi, UMEM_REG_TX_METADATA_LEN);
    ABSENT(XdpDescriptor, XDP_TX_METADATA);
    ABSENT(TxMetadata, XDP_TXMD_FLAGS_CHECKSUM);
    ABSENT(TxMetadata, LENGTH);
    ABSENT(TxMetadata, FLAGS);
    ABSENT(TxMetadata, CSUM_START);
    ABSENT(TxMetadata, CSUM_OFFSET);
#endif
#ifdef XDP_TXMD_FLAGS_LAUNCH_TIME
    FIELD(TxMetadata, LAUNCH_TIME, struct xsk_tx_metadata, request.launch_time);
#else
    ABSENT(TxMetadata, LAUNCH_TIME);
#endif
    OURS(TxMetadata, RESERVED); /* padding that the kernel does not name */
#ifdef XDP_PKT_CONTD
    SAME(XdpDescriptor, XDP_PKT_CONTD);
#else
    ABSENT(XdpDescriptor, XDP_PKT_CONTD);
#endif
    IS(XdpDescriptor, BASE_MASK, XSK_UNALIGNED_BUF_ADDR_MASK);

    FIELD(XdpAbi, UMEM_REG_ADDR, struct xdp_umem_reg, addr);
    FIELD(XdpAbi, UMEM_REG_LEN, struct xdp_umem_reg, len);
    FIELD(XdpAbi, UMEM_REG_CHUNK_SIZE, struct xdp_umem_reg, chunk_size);
    FIELD(XdpAbi, UMEM_REG_HEADROOM, struct xdp_umem_reg, headroom);
    FIELD(XdpAbi, UMEM_REG_FLAGS, struct xdp_umem_reg, flags);
    IS(XdpAbi, MMAP_OFFSETS_SIZE, sizeof(struct xdp_mmap_offsets));
    FIELD(XdpAbi, MMAP_OFFSETS_RX, struct xdp_mmap_offsets, rx);
    FIELD(XdpAbi, MMAP_OFFSETS_TX, struct xdp_mmap_offsets, tx);
    FIELD(XdpAbi, MMAP_OFFSETS_FILL, struct xdp_mmap_offsets, fr);
    FIELD(XdpAbi, MMAP_OFFSETS_COMPLETION, struct xdp_mmap_offsets, cr);
    IS(XdpAbi, RING_OFFSET_SIZE, sizeof(struct xdp_ring_offset));
    FIELD(XdpAbi, RING_OFFSET_PRODUCER, struct xdp_ring_offset, producer);
    FIELD(XdpAbi, RING_OFFSET_CONSUMER, struct xdp_ring_offset, consumer);
    FIELD(XdpAbi, RING_OFFSET_DESC, struct xdp_ring_offset, desc);
    FIELD(XdpAbi, RING_OFFSET_FLAGS, struct xdp_ring_offset, flags);
    IS(XdpAbi, SOCKADDR_SIZE, sizeof(struct sockaddr_xdp));
    FIELD(XdpAbi, SOCKADDR_FAMILY, struct sockaddr_xdp, sxdp_family);
    FIELD(XdpAbi, SOCKADDR_FLAGS, struct sockaddr_xdp, sxdp_flags);
    FIELD(XdpAbi, SOCKADDR_IFINDEX, struct sockaddr_xdp, sxdp_ifindex);
    FIELD(XdpAbi, SOCKADDR_QUEUE_ID, struct sockaddr_xdp, sxdp_queue_id);
    FIELD(XdpAbi, SOCKADDR_SHARED_UMEM_FD, struct sockaddr_xdp, sxdp_shared_umem_fd);
    IS(XdpAbi, DESC_SIZE, sizeof(struct xdp_desc));
    FIELD(XdpAbi, DESC_ADDR, struct xdp_desc, addr);
    FIELD(XdpAbi, DESC_LEN, struct xdp_desc, len);
    FIELD(XdpAbi, DESC_OPTIONS, struct xdp_desc, options);
    IS(XdpAbi, UMEM_ENTRY_SIZE, sizeof(__u64));
    IS(XdpAbi, STATISTICS_SIZE, sizeof(struct xdp_statistics));
    FIELD(XdpAbi, STATISTICS_RX_DROPPED, struct xdp_statistics, rx_dropped);
    FIELD(XdpAbi, STATISTICS_RX_INVALID_DESCS, struct xdp_statistics, rx_invalid_descs);
    FIELD(XdpAbi, STATISTICS_TX_INVALID_DESCS, struct xdp_statistics, tx_invalid_descs);
    FIELD(XdpAbi, STATISTICS_RX_RING_FULL, struct xdp_statistics, rx_ring_full);
    FIELD(XdpAbi, STATISTICS_RX_FILL_RING_EMPTY_DESCS, struct xdp_statistics, rx_fill_ring_empty_descs);
    FIELD(XdpAbi, STATISTICS_TX_RING_EMPTY_DESCS, struct xdp_statistics, tx_ring_empty_descs);

    SAME(XskSocket, XDP_SHARED_UMEM);
    SAME(XskSocket, XDP_COPY);
    SAME(XskSocket, XDP_ZEROCOPY);
    SAME(XskSocket, XDP_USE_NEED_WAKEUP);
#ifdef XDP_USE_SG
    SAME(XskSocket, XDP_USE_SG);
#else
    ABSENT(XskSocket, XDP_USE_SG);
#endif
    OURS(XskSocket, BUSY_RETRY_NANOS);
    OURS(XskSocket, BUSY_PAUSE_MILLIS);
}

static void bpf_package(void) {
    SAME(Bpf, BPF_MAP_CREATE);
    SAME(Bpf, BPF_MAP_LOOKUP_ELEM);
    SAME(Bpf, BPF_MAP_UPDATE_ELEM);
    SAME(Bpf, BPF_MAP_DELETE_ELEM);
    SAME(Bpf, BPF_MAP_GET_NEXT_KEY);
    SAME(Bpf, BPF_PROG_LOAD);
    SAME(Bpf, BPF_PROG_TEST_RUN);
    SAME(Bpf, BPF_PROG_GET_FD_BY_ID);
    SAME(Bpf, BPF_OBJ_GET_INFO_BY_FD);
    SAME(Bpf, BPF_LINK_CREATE);
    SAME(Bpf, BPF_OBJ_NAME_LEN);
    FIELD(Bpf, MAP_TYPE, union bpf_attr, map_type);
    FIELD(Bpf, MAP_KEY_SIZE, union bpf_attr, key_size);
    FIELD(Bpf, MAP_VALUE_SIZE, union bpf_attr, value_size);
    FIELD(Bpf, MAP_MAX_ENTRIES, union bpf_attr, max_entries);
    FIELD(Bpf, MAP_FLAGS, union bpf_attr, map_flags);
    FIELD(Bpf, MAP_NAME, union bpf_attr, map_name);
    FIELD(Bpf, ELEM_MAP_FD, union bpf_attr, map_fd);
    FIELD(Bpf, ELEM_KEY, union bpf_attr, key);
    FIELD(Bpf, ELEM_VALUE, union bpf_attr, value);
    FIELD(Bpf, ELEM_FLAGS, union bpf_attr, flags);
    FIELD(Bpf, PROG_TYPE, union bpf_attr, prog_type);
    FIELD(Bpf, PROG_INSN_CNT, union bpf_attr, insn_cnt);
    FIELD(Bpf, PROG_INSNS, union bpf_attr, insns);
    FIELD(Bpf, PROG_LICENSE, union bpf_attr, license);
    FIELD(Bpf, PROG_LOG_LEVEL, union bpf_attr, log_level);
    FIELD(Bpf, PROG_LOG_SIZE, union bpf_attr, log_size);
    FIELD(Bpf, PROG_LOG_BUF, union bpf_attr, log_buf);
    FIELD(Bpf, PROG_FLAGS, union bpf_attr, prog_flags);
    FIELD(Bpf, PROG_NAME, union bpf_attr, prog_name);
    FIELD(Bpf, PROG_EXPECTED_ATTACH_TYPE, union bpf_attr, expected_attach_type);
    FIELD(Bpf, TEST_PROG_FD, union bpf_attr, test.prog_fd);
    FIELD(Bpf, TEST_RETVAL, union bpf_attr, test.retval);
    FIELD(Bpf, TEST_DATA_SIZE_IN, union bpf_attr, test.data_size_in);
    FIELD(Bpf, TEST_DATA_SIZE_OUT, union bpf_attr, test.data_size_out);
    FIELD(Bpf, TEST_DATA_IN, union bpf_attr, test.data_in);
    FIELD(Bpf, TEST_DATA_OUT, union bpf_attr, test.data_out);
    FIELD(Bpf, TEST_REPEAT, union bpf_attr, test.repeat);
    FIELD(Bpf, TEST_FLAGS, union bpf_attr, test.flags);
    FIELD(Bpf, TEST_BATCH_SIZE, union bpf_attr, test.batch_size);
    FIELD(Bpf, TEST_DURATION, union bpf_attr, test.duration);
    FIELD(Bpf, TEST_CTX_SIZE_IN, union bpf_attr, test.ctx_size_in);
    FIELD(Bpf, TEST_CTX_IN, union bpf_attr, test.ctx_in);
    FIELD(Bpf, INFO_BPF_FD, union bpf_attr, info.bpf_fd);
    FIELD(Bpf, INFO_LEN, union bpf_attr, info.info_len);
    FIELD(Bpf, INFO, union bpf_attr, info.info);
    FIELD(Bpf, GET_FD_PROG_ID, union bpf_attr, prog_id);
    FIELD(Bpf, LINK_PROG_FD, union bpf_attr, link_create.prog_fd);
    FIELD(Bpf, LINK_TARGET_IFINDEX, union bpf_attr, link_create.target_ifindex);
    FIELD(Bpf, LINK_ATTACH_TYPE, union bpf_attr, link_create.attach_type);
    FIELD(Bpf, LINK_FLAGS, union bpf_attr, link_create.flags);
    IS(Bpf, XDP_MD_SIZE, sizeof(struct xdp_md));
    FIELD(Bpf, XDP_MD_DATA, struct xdp_md, data);
    FIELD(Bpf, XDP_MD_DATA_END, struct xdp_md, data_end);
    FIELD(Bpf, XDP_MD_INGRESS_IFINDEX, struct xdp_md, ingress_ifindex);
    FIELD(Bpf, XDP_MD_RX_QUEUE_INDEX, struct xdp_md, rx_queue_index);
    FIELD(XdpAction, CONTEXT_DATA, struct xdp_md, data);
    FIELD(XdpAction, CONTEXT_DATA_END, struct xdp_md, data_end);
    FIELD(XdpAction, CONTEXT_INGRESS_IFINDEX, struct xdp_md, ingress_ifindex);
    FIELD(XdpAction, CONTEXT_RX_QUEUE_INDEX, struct xdp_md, rx_queue_index);
    FIELD(Bpf, PROG_INFO_TYPE, struct bpf_prog_info, type);
    FIELD(Bpf, PROG_INFO_ID, struct bpf_prog_info, id);
    FIELD(Bpf, PROG_INFO_NAME, struct bpf_prog_info, name);
    OURS(Bpf, PROG_INFO_READ_SIZE);
    OURS(Bpf, ATTR_SIZE);
    IS(Bpf, NR_BPF, SYS_bpf);

    SAME(XdpAction, XDP_ABORTED);
    SAME(XdpAction, XDP_DROP);
    SAME(XdpAction, XDP_PASS);
    SAME(XdpAction, XDP_TX);
    SAME(XdpAction, XDP_REDIRECT);
    IS(BpfHelper, MAP_LOOKUP_ELEM, BPF_FUNC_map_lookup_elem);
    IS(BpfHelper, MAP_UPDATE_ELEM, BPF_FUNC_map_update_elem);
    IS(BpfHelper, MAP_DELETE_ELEM, BPF_FUNC_map_delete_elem);
    IS(BpfHelper, KTIME_GET_NS, BPF_FUNC_ktime_get_ns);
    IS(BpfHelper, GET_PRANDOM_U32, BPF_FUNC_get_prandom_u32);
    IS(BpfHelper, REDIRECT, BPF_FUNC_redirect);
    IS(BpfHelper, XDP_ADJUST_TAIL, BPF_FUNC_xdp_adjust_tail);
    IS(BpfHelper, GET_SMP_PROCESSOR_ID, BPF_FUNC_get_smp_processor_id);
    IS(BpfHelper, XDP_ADJUST_HEAD, BPF_FUNC_xdp_adjust_head);
    IS(BpfHelper, REDIRECT_MAP, BPF_FUNC_redirect_map);
    IS(BpfHelper, XDP_GET_BUFF_LEN, BPF_FUNC_xdp_get_buff_len);
    IS(BpfHelper, XDP_LOAD_BYTES, BPF_FUNC_xdp_load_bytes);
    IS(BpfHelper, SKB_STORE_BYTES, BPF_FUNC_skb_store_bytes);
    IS(BpfHelper, SKB_LOAD_BYTES, BPF_FUNC_skb_load_bytes);

    SAME(BpfLink, XDP_FLAGS_SKB_MODE);
    SAME(BpfLink, XDP_FLAGS_DRV_MODE);
#ifdef BPF_F_BEFORE
    SAME(BpfLink, BPF_F_BEFORE);
    SAME(BpfLink, TCX_NEXT);
    IS(BpfLink$Direction, INGRESS, BPF_TCX_INGRESS);
    IS(BpfLink$Direction, EGRESS, BPF_TCX_EGRESS);
#else
    ABSENT(BpfLink, BPF_F_BEFORE);
    ABSENT(BpfLink, TCX_NEXT);
    ABSENT(BpfLink$Direction, INGRESS);
    ABSENT(BpfLink$Direction, EGRESS);
#endif
    IS(BpfLink$Mode, NATIVE, XDP_FLAGS_DRV_MODE);
    IS(BpfLink$Mode, GENERIC, XDP_FLAGS_SKB_MODE);
    SAME(BpfMap, BPF_F_NO_PREALLOC);
    SAME(BpfMap, BPF_F_MMAPABLE);
    SAME(BpfMap, BPF_ANY);
    SAME(BpfMap, BPF_NOEXIST);
    SAME(BpfMap, BPF_EXIST);
    OURS(BpfMap, PAGE_BYTES);
    IS(BpfMap$Type, HASH, BPF_MAP_TYPE_HASH);
    IS(BpfMap$Type, ARRAY, BPF_MAP_TYPE_ARRAY);
    IS(BpfMap$Type, PERCPU_HASH, BPF_MAP_TYPE_PERCPU_HASH);
    IS(BpfMap$Type, PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY);
    IS(BpfMap$Type, LRU_HASH, BPF_MAP_TYPE_LRU_HASH);
    IS(BpfMap$Type, LPM_TRIE, BPF_MAP_TYPE_LPM_TRIE);
    IS(BpfMap$Type, DEVMAP, BPF_MAP_TYPE_DEVMAP);
    IS(BpfMap$Type, XSKMAP, BPF_MAP_TYPE_XSKMAP);
    SAME(BpfProgram, BPF_XDP);
    SAME(BpfProgram, BPF_F_XDP_HAS_FRAGS);
    SAME(BpfProgram, BPF_F_TEST_XDP_LIVE_FRAMES);
    OURS(BpfProgram, LIVE_BATCH_MAX);
    IS(BpfProgram, INSTRUCTION_BYTES, sizeof(struct bpf_insn));
    OURS(BpfProgram, LOG_BYTES);
    OURS(BpfProgram, TEST_TAILROOM);
    IS(BpfProgram$Type, SCHED_CLS, BPF_PROG_TYPE_SCHED_CLS);
    IS(BpfProgram$Type, XDP, BPF_PROG_TYPE_XDP);
    OURS(VerifierException, LINES_SHOWN);

    SAME(BpfAssembler, BPF_LD);
    SAME(BpfAssembler, BPF_LDX);
    SAME(BpfAssembler, BPF_ST);
    SAME(BpfAssembler, BPF_STX);
    SAME(BpfAssembler, BPF_ALU);
    SAME(BpfAssembler, BPF_JMP);
    SAME(BpfAssembler, BPF_JMP32);
    SAME(BpfAssembler, BPF_ALU64);
    SAME(BpfAssembler, BPF_IMM);
    SAME(BpfAssembler, BPF_MEM);
    SAME(BpfAssembler, BPF_ATOMIC);
    SAME(BpfAssembler, BPF_K);
    SAME(BpfAssembler, BPF_X);
    SAME(BpfAssembler, BPF_DW);
    SAME(BpfAssembler, BPF_NEG);
    SAME(BpfAssembler, BPF_END);
    SAME(BpfAssembler, BPF_TO_LE);
    SAME(BpfAssembler, BPF_TO_BE);
    SAME(BpfAssembler, BPF_JA);
    SAME(BpfAssembler, BPF_CALL);
    SAME(BpfAssembler, BPF_EXIT);
    SAME(BpfAssembler, BPF_PSEUDO_MAP_FD);
    SAME(BpfAssembler, BPF_PSEUDO_MAP_VALUE);
    SAME(BpfAssembler, BPF_PSEUDO_CALL);
    IS(BpfAssembler, INSTRUCTION_BYTES, sizeof(struct bpf_insn));
    OURS(BpfAssembler$Label, UNBOUND);
    IS(BpfAssembler$Alu, ADD, BPF_ADD);
    IS(BpfAssembler$Alu, SUB, BPF_SUB);
    IS(BpfAssembler$Alu, MUL, BPF_MUL);
    IS(BpfAssembler$Alu, DIV, BPF_DIV);
    IS(BpfAssembler$Alu, OR, BPF_OR);
    IS(BpfAssembler$Alu, AND, BPF_AND);
    IS(BpfAssembler$Alu, LSH, BPF_LSH);
    IS(BpfAssembler$Alu, RSH, BPF_RSH);
    IS(BpfAssembler$Alu, MOD, BPF_MOD);
    IS(BpfAssembler$Alu, XOR, BPF_XOR);
    IS(BpfAssembler$Alu, MOV, BPF_MOV);
    IS(BpfAssembler$Alu, ARSH, BPF_ARSH);
    IS(BpfAssembler$Condition, JEQ, BPF_JEQ);
    IS(BpfAssembler$Condition, JGT, BPF_JGT);
    IS(BpfAssembler$Condition, JGE, BPF_JGE);
    IS(BpfAssembler$Condition, JSET, BPF_JSET);
    IS(BpfAssembler$Condition, JNE, BPF_JNE);
    IS(BpfAssembler$Condition, JSGT, BPF_JSGT);
    IS(BpfAssembler$Condition, JSGE, BPF_JSGE);
    IS(BpfAssembler$Condition, JLT, BPF_JLT);
    IS(BpfAssembler$Condition, JLE, BPF_JLE);
    IS(BpfAssembler$Condition, JSLT, BPF_JSLT);
    IS(BpfAssembler$Condition, JSLE, BPF_JSLE);
    IS(BpfAssembler$Size, B, BPF_B);
    IS(BpfAssembler$Size, H, BPF_H);
    IS(BpfAssembler$Size, W, BPF_W);
    IS(BpfAssembler$Size, DW, BPF_DW);
    IS(BpfAssembler$Atomic, ADD, BPF_ADD);
    IS(BpfAssembler$Atomic, FETCH_ADD, BPF_ADD | BPF_FETCH);
    IS(BpfAssembler$Atomic, OR, BPF_OR);
    IS(BpfAssembler$Atomic, FETCH_OR, BPF_OR | BPF_FETCH);
    IS(BpfAssembler$Atomic, AND, BPF_AND);
    IS(BpfAssembler$Atomic, FETCH_AND, BPF_AND | BPF_FETCH);
    IS(BpfAssembler$Atomic, XOR, BPF_XOR);
    IS(BpfAssembler$Atomic, FETCH_XOR, BPF_XOR | BPF_FETCH);
    IS(BpfAssembler$Atomic, XCHG, BPF_XCHG);
    IS(BpfAssembler$Atomic, CMPXCHG, BPF_CMPXCHG);
    IS(BpfRegister, R0, BPF_REG_0);
    IS(BpfRegister, R1, BPF_REG_1);
    IS(BpfRegister, R2, BPF_REG_2);
    IS(BpfRegister, R3, BPF_REG_3);
    IS(BpfRegister, R4, BPF_REG_4);
    IS(BpfRegister, R5, BPF_REG_5);
    IS(BpfRegister, R6, BPF_REG_6);
    IS(BpfRegister, R7, BPF_REG_7);
    IS(BpfRegister, R8, BPF_REG_8);
    IS(BpfRegister, R9, BPF_REG_9);
    IS(BpfRegister, R10, BPF_REG_10);
}

int main(void) {
    linux_package();
    xdp_package();
    bpf_package();
    return 0;
}
