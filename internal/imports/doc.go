// Package imports moves records in and out of an installation: it writes all of them as
// lines of package transfer, and stages what is to be imported, encrypted, for the
// workflow Import.
//
// [Units] come from a file of `everlatch export` or from the converters below this package,
// which read what other systems export. [Service.Try] imports them into a copy that is
// thrown away.
package imports
