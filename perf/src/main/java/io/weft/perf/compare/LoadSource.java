package io.weft.perf.compare;

/** Creates {@link Load}s. */
interface LoadSource {
    /**
     * @param flows source ports in use, in random order
     * @param framesPerSecond or 0 for as many as the generator can
     * @param core that generates them
     */
    Load start(IngressPort ingress, int flows, double framesPerSecond, int core) throws Exception;
}
