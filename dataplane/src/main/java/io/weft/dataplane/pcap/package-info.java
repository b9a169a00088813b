/** Capture files: the classic pcap format and pcapng (draft-ietf-opsawg-pcapng). Knows bytes, files and streams, nothing of packets. */
package io.weft.dataplane.pcap;
