//! Bytes over time and place, in as many cells as a picture has.

/// What fell into a cell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cell {
    /// Bytes that were read for the first time.
    pub fresh: f64,
    /// Bytes that were read again.
    pub again: f64,
}

/// Cells, column by column.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
}

impl Grid {
    /// Empty cells, at least one.
    pub fn new(columns: usize, rows: usize) -> Self {
        let (columns, rows) = (columns.max(1), rows.max(1));
        Self { columns, rows, cells: vec![Cell::default(); columns * rows] }
    }

    /// Spreads bytes over the cells of a column from one place to another. All places are from 0 to 1.
    pub fn add(&mut self, time: f64, (from, to): (f64, f64), bytes: Cell) {
        let column = index(time, self.columns);
        let first = index(from, self.rows);
        // The last cell is the one in front of the end.
        let last = ((to * self.rows as f64).ceil() as usize).saturating_sub(1).clamp(first, self.rows - 1);
        let part = 1.0 / (last - first + 1) as f64;
        for cell in &mut self.cells[column * self.rows..][first..=last] {
            cell.fresh += bytes.fresh * part;
            cell.again += bytes.again * part;
        }
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The cells of a column that is below their number.
    pub fn column(&self, column: usize) -> &[Cell] {
        &self.cells[column * self.rows..][..self.rows]
    }

    /// Most bytes in one cell.
    pub fn most(&self) -> f64 {
        self.cells.iter().map(|cell| cell.fresh + cell.again).fold(0.0, f64::max)
    }
}

/// The cell of a place; those outside lie at the edge.
fn index(place: f64, count: usize) -> usize {
    ((place * count as f64) as usize).min(count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(fresh: f64, again: f64) -> Cell {
        Cell { fresh, again }
    }

    #[test]
    fn nothing_is_lost_at_the_edges() {
        let mut grid = Grid::new(3, 4);
        for (time, place) in [(0.0, (0.0, 0.25)), (1.0, (1.0, 1.0)), (0.5, (0.2, 0.9)), (7.0, (-1.0, 9.0))] {
            grid.add(time, place, bytes(4.0, 8.0));
        }
        let cells = (0..3).flat_map(|column| grid.column(column));
        let sum = cells.fold((0.0, 0.0), |sum, cell| (sum.0 + cell.fresh, sum.1 + cell.again));
        assert_eq!(sum, (16.0, 32.0));
        assert_eq!(grid.column(0)[0], bytes(4.0, 8.0), "an end at an edge does not reach behind it");
        assert_eq!(grid.column(1), [bytes(1.0, 2.0); 4]);
        assert_eq!(grid.column(2)[3], bytes(5.0, 10.0));
    }
}
