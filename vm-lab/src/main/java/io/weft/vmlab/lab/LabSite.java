package io.weft.vmlab.lab;

import io.weft.nativebindings.netlink.NetworkNamespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a lab occupies on the machine: network namespaces, cgroups, processes, files. Everything is found by the lab's name, so that the
 * remains of a killed run can be cleared too.
 */
public final class LabSite {
    private LabSite() {}

    /**
     * Makes this process the owner of the lab of {@code plan}, after clearing what a killed run left.
     *
     * @throws IOException if the lab is up
     */
    public static void claim(LabPlan plan) throws IOException {
        if (LabOwner.alive(plan) || LabProcesses.anyIn(Namespaces.of(plan.name()))) {
            throw new IOException(
                "lab '" + plan.name() + "' is up already: remove it with ./weft lab down --name " + plan.name());
        }
        clear(plan);
        LabOwner.claim(plan);
    }

    /** Ends every process of the lab and deletes its namespaces with their links, its cgroups and its files. */
    public static void clear(LabPlan plan) throws IOException {
        List<Path> namespaces = Namespaces.of(plan.name());
        LabCgroups.remove(plan); // container runtimes and containers, which have namespaces of their own
        LabProcesses.end(LabProcesses.in(namespaces));
        namespaces.forEach(NetworkNamespace::delete);
        deleteTree(plan.directory());
        deleteTree(plan.storage());
    }

    private static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) { return; }
        try (Stream<Path> tree = Files.walk(root)) {
            tree.sorted(Comparator.reverseOrder()).forEach(LabSite::delete);
        }
    }

    private static void delete(Path path) {
        try {
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
