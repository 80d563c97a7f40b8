//! The snapshot that a store starts from.
use crate::{open::OpenError, options::Options, schema::ViewMeta, view::View};

pub(crate) fn load(options: &Options, _view: &View) -> Result<Option<ViewMeta>, OpenError> {
    let folder = options.base_folder();
    let names = options.disk.list(&folder).map_err(crate::disk_error::DiskError::on("list", &folder))?;
    assert!(names.is_empty());
    Ok(None)
}
