package io.weft.controlplane.operator;

/**
 * One write that is in force until it is deleted.
 *
 * @param subject what it is about, in canonical form: {@link WriteKind}
 * @param setting empty for kinds that have none
 * @param comment of the operator; may be empty
 * @param sinceMillis when it was last changed, milliseconds since the epoch
 */
public record OperatorWrite(WriteKind kind, String subject, String setting, String comment, long sinceMillis) {
    /** Whether it says the same, whenever it was written. */
    public boolean saysTheSameAs(OperatorWrite other) {
        return kind == other.kind && subject.equals(other.subject) && setting.equals(other.setting)
            && comment.equals(other.comment);
    }

    /** For example {@code drain 10.244.1.5:8080}. */
    public String title() {
        String text = kind == WriteKind.LOG_LEVEL ? subject : kind + " " + subject;
        return setting.isEmpty() ? text : text + " " + setting;
    }
}
