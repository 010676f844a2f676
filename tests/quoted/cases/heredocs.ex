def f do
  """
  a
    b #{c}
  \n d
  """
end

  """
  #{x}
  """

"""
a

b
"""

~s"""
  a #{b}
   c
  """

~S'''
  a \n
  '''

@doc """

  x
"""
