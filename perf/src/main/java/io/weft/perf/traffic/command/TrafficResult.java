package io.weft.perf.traffic.command;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * One run of test traffic, as it is printed.
 *
 * @param path between sender and receiver
 * @param frameSize bytes with the FCS, or a mix's name
 * @param ratePps frames per second requested; 0: as fast as possible
 * @param received different frames at the receiver's device
 * @param lost sent and not received; in overload this includes what the sender's own device had no room for
 * @param reordered frames behind one with a higher number in their sequence group; if frames are only counted, includes duplicates
 * @param duplicated null if frames are only counted
 * @param overrun frames that reached the receiver's device but came too fast for the receiver: not classified
 * @param receivedGbps of frames with their FCS, without preamble and gap
 * @param generatorCpuSeconds processor time of the sending thread
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TrafficResult(String path, String engine, String receiver, String frameSize, int flows, double ratePps,
    double seconds, long sent, long received, long lost, long reordered, Long duplicated, Long overrun, double sentMpps,
    double receivedMpps, double receivedGbps, double generatorCpuSeconds, LatencySummary latencyMicros) {
}
