package io.weft.perf.traffic.command;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * One run of test traffic, as it is printed.
 *
 * @param path what was between sender and receiver
 * @param frameSize bytes with the FCS, or a mix's name
 * @param ratePps frames a second asked for; 0: as fast as it goes
 * @param received different frames at the receiver's device
 * @param lost sent and not received; with overload this includes what the sender's own device had no room for
 * @param reordered frames behind one with a higher number of their sequence group; where frames are only counted, duplicates too
 * @param duplicated null where frames are only counted
 * @param overrun frames that reached the receiver's device and were too many for the receiver: not judged
 * @param receivedGbps of frames with their FCS, without preamble and gap
 * @param generatorCpuSeconds processor time of the sending thread
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TrafficResult(String path, String engine, String receiver, String frameSize, int flows, double ratePps,
    double seconds, long sent, long received, long lost, long reordered, Long duplicated, Long overrun, double sentMpps,
    double receivedMpps, double receivedGbps, double generatorCpuSeconds, LatencySummary latencyMicros) {
}
