package io.weft.vmlab.lab;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The plan of a running lab on disk, so that {@code weft lab status}, {@code exec} and {@code down} find it. */
public final class LabFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private LabFile() {}

    private static Path of(LabPlan plan) {
        return plan.directory().resolve("lab.json");
    }

    public static void write(LabPlan plan) throws IOException {
        JSON.writeValue(of(plan).toFile(), plan);
    }

    public static LabPlan read(String name) throws IOException {
        Path file = of(new LabPlan(name, 1, false, 1));
        if (!Files.exists(file)) {
            throw new IOException("lab '" + name + "' is not up: ./weft lab up --name " + name);
        }
        return JSON.readValue(file.toFile(), LabPlan.class);
    }
}
