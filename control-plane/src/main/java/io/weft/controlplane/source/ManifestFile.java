package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;

/**
 * What is known about one file.
 *
 * @param stamp of the content read last
 * @param content its objects, and former ones while it has errors
 */
record ManifestFile(Stamp stamp, ManifestContent content) {

    /** Distinguishes contents of a file: a rename changes the inode, a write changes the time. */
    record Stamp(Object inode, long modifiedMillis, long size) {
        static Stamp of(Path file) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(attributes.fileKey(), attributes.lastModifiedTime().toMillis(), attributes.size());
        }
    }

    Map<ObjectKey, ClusterObject> objects() {
        return content.objects();
    }
}
