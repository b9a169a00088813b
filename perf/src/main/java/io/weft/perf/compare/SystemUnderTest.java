package io.weft.perf.compare;

import java.util.List;
import java.util.Optional;

/** Something that forwards packets. */
interface SystemUnderTest {
    String name();

    /** Why it cannot run on this machine; one line. */
    Optional<String> missing();

    List<Workload> workloads();

    /**
     * Sets it up for one of its workloads.
     *
     * @param id a few letters that no other scene has
     */
    Scene setUp(Workload workload, String id, Cores cores) throws Exception;
}
