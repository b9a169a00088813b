package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;

/**
 * What is known of one file.
 *
 * @param stamp of the content read last
 * @param objects the last good content
 * @param errors why newer content is refused; empty when {@code objects} is what the file holds
 */
record ManifestFile(Stamp stamp, Map<ObjectKey, ClusterObject> objects, List<String> errors) {

    /** Tells one content of a file from another: a rename brings another inode, a write another time. */
    record Stamp(Object inode, long modifiedMs, long size) {
        static Stamp of(Path file) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(attributes.fileKey(), attributes.lastModifiedTime().toMillis(), attributes.size());
        }
    }

    ManifestFile refused(Stamp newer, List<String> why) {
        return new ManifestFile(newer, objects, why);
    }
}
